import { describe, expect, it } from '@jest/globals';
import {
  AppendOutcomeUnknownError,
  AppendTooLargeError,
  EventStoreAccessDeniedError,
  EventStoreUnavailableError,
  InvalidEventError,
  WrongExpectedRevisionError,
} from '../index.js';
import { appendFailure, isPassing, readFailure, StreamTombstonedError } from './failures.js';

const error = (members: object, message = 'it failed'): Error =>
  Object.assign(new Error(message), members);

describe('what an error of the client means for an append', () => {
  it.each([
    ['a typed unavailable', { type: 'unavailable', code: 14 }],
    ['a plain error with code 14', { code: 14 }],
    ['the deadline', { type: 'deadline-exceeded', code: 4 }],
    ['a time-out of the server', { type: 'timeout', code: 10 }],
    ['an internal error', { code: 13 }],
    ['unknown', { type: 'unknown', code: 2 }],
    ['an error with neither type nor code', {}],
  ])('%s: it may be stored', (_, members) => {
    expect(appendFailure(error(members), 's', 0n)).toBeInstanceOf(AppendOutcomeUnknownError);
    expect(isPassing(error(members))).toBe(true);
  });

  it.each([
    ['a follower', error({ type: 'not-leader', code: 5 })],
    ['no connection', error({ code: 14 }, '14 UNAVAILABLE: No connection established.')],
    ['a closed channel', error({ code: 14 }, '14 UNAVAILABLE: Channel closed before call started')],
    ['no cluster', error({}, 'Failed to discover after 10 attempts.')],
  ])('%s: nothing was stored, and later it may work', (_, cause) => {
    expect(appendFailure(cause, 's', 0n)).toBeInstanceOf(EventStoreUnavailableError);
    expect(isPassing(cause)).toBe(true);
  });

  it.each<[object, new (...args: never[]) => Error]>([
    [{ type: 'access-denied' }, EventStoreAccessDeniedError],
    [{ code: 16 }, EventStoreAccessDeniedError],
    [{ code: 7 }, EventStoreAccessDeniedError],
    [{ code: 3 }, InvalidEventError],
    [{ type: 'maximum-append-size-exceeded', maxAppendSize: 10 }, AppendTooLargeError],
    [{ type: 'stream-deleted' }, StreamTombstonedError],
  ])('%j: a clear no', (members, kind) => {
    expect(appendFailure(error(members), 's', 0n)).toBeInstanceOf(kind);
    expect(isPassing(error(members))).toBe(false);
  });

  it('names the actual revision of a wrong one', () => {
    const type = 'wrong-expected-version';
    expect(appendFailure(error({ type, actualVersion: 4n }), 's', 1n)).toEqual(
      new WrongExpectedRevisionError('s', 1n, 4n),
    );
    expect(appendFailure(error({ type, actualVersion: 'no_stream' }), 's', 1n)).toMatchObject({
      actual: 'noStream',
    });
  });

  it.each([
    [
      'a server with TLS that is asked without',
      '14 UNAVAILABLE: No connection established. Last error: Failed to connect (2026-11-22T20:56:34.771Z). Resolution note: ',
      'leave out tls=false',
    ],
    [
      'a server without TLS that is asked with it',
      '14 UNAVAILABLE: No connection established. Last error: Error: 40:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:a.c:77:\n. Resolution note: ',
      'tls=false says so',
    ],
    ['no leader', 'Failed to discover after 10 attempts.', 'is there a quorum?'],
  ])('%s: says what may be wrong, in the same words each time', (_, text, words) => {
    const { message } = readFailure(error({ code: 14 }, text), undefined);
    expect(message).toContain(words);
    expect(message).not.toMatch(/\n|\d\d:\d\d|Resolution note/);
  });
});
