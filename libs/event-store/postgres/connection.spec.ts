import { describe, expect, it } from '@jest/globals';
import {
  AppendOutcomeUnknownError,
  EventStoreAccessDeniedError,
  EventStoreUnavailableError,
} from '../index.js';
import type { Fitness } from './connection.js';
import { assertFitness, translated, UnfitServerError } from './connection.js';

const fit: Fitness = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  server_encoding: 'UTF8',
  in_recovery: false,
  has_log: true,
};

describe('fitness of a server', () => {
  it('takes one that loses nothing', () => {
    expect(() => {
      assertFitness(fit);
    }).not.toThrow();
  });

  it.each<[keyof Fitness, Partial<Fitness>]>([
    ['fsync', { fsync: 'off' }],
    ['full_page_writes', { full_page_writes: 'off' }],
    ['synchronous_commit', { synchronous_commit: 'off' }],
    ['server_encoding', { server_encoding: 'SQL_ASCII' }],
    ['in_recovery', { in_recovery: true }],
    ['has_log', { has_log: false }],
  ])('refuses another, and names %s', (_, change) => {
    expect(() => {
      assertFitness({ ...fit, ...change });
    }).toThrow(UnfitServerError);
  });
});

describe('outcome of a failed append', () => {
  it.each<[string, object, abstract new (...args: never[]) => Error]>([
    ['a lock time-out', { severity: 'ERROR', code: '55P03' }, EventStoreUnavailableError],
    ['a statement time-out', { severity: 'ERROR', code: '57014' }, EventStoreUnavailableError],
    [
      'a time-out in another language',
      { severity: 'FEHLER', code: '57014' },
      EventStoreUnavailableError,
    ],
    ['a full disk', { severity: 'ERROR', code: '53100' }, EventStoreUnavailableError],
    ['a missing permission', { severity: 'ERROR', code: '42501' }, EventStoreAccessDeniedError],
    [
      'an administrator who ends the session',
      { severity: 'FATAL', code: '57P01' },
      AppendOutcomeUnknownError,
    ],
    [
      'the same in another language',
      { severity: 'SCHWERWIEGEND', code: '57P01' },
      AppendOutcomeUnknownError,
    ],
    ['a crash', { severity: 'PANIC', code: 'XX000' }, AppendOutcomeUnknownError],
    ['a broken connection', { code: 'ECONNRESET' }, AppendOutcomeUnknownError],
    ['an end without a word', {}, AppendOutcomeUnknownError],
  ])('after %s is said as it is', (_, fields, expected) => {
    expect(translated(Object.assign(new Error('failed'), fields), 'append')).toBeInstanceOf(
      expected,
    );
  });

  it('is known when nothing was sent', () => {
    const refused = Object.assign(new Error('failed'), { code: 'ECONNREFUSED' });
    expect(translated(refused, 'nothing')).toBeInstanceOf(EventStoreUnavailableError);
  });
});
