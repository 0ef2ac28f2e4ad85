import { describe, expect, it } from '@jest/globals';
import {
  AppendOutcomeUnknownError,
  EventStoreAccessDeniedError,
  EventStoreUnavailableError,
  LogMismatchError,
} from '#event-store';
import { StreamTombstonedError } from '#event-store/eventstoredb';
import { UnfitServerError } from '#event-store/postgres';
import { domainErrorOf, requestProblems } from './index.js';

describe('what the event store says', () => {
  it.each([
    [new EventStoreUnavailableError('away'), 'event-store/unavailable'],
    [new EventStoreAccessDeniedError('no'), 'event-store/unavailable'],
    [new AppendOutcomeUnknownError('perhaps'), 'request/outcome-unknown'],
    [new LogMismatchError('another'), 'event-store/another-log'],
    [new UnfitServerError('fsync', 'fsync = off'), 'event-store/unfit'],
    [new StreamTombstonedError('keyRing-1-2'), 'event-store/unfit'],
  ] as const)('%p is a 503 that says what it means', (error, code) => {
    expect(domainErrorOf(error).code).toBe(code);
    expect(requestProblems[code].status).toBe(503);
    // What waiting does not mend is not asked for again and again.
    expect(requestProblems[code].retryAfterSeconds === undefined).toBe(
      code === 'event-store/unfit',
    );
  });
});
