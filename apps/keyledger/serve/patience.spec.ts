import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { EventStoreUnavailableError } from '#event-store';
import { whenReachable } from './patience.js';

const refused = (code: string): Error => Object.assign(new Error('refused'), { code });
const elsewhere = (code: string): Error =>
  Object.assign(runInNewContext('new Error("refused")') as Error, { code });

describe('a start whose servers are not there yet', () => {
  it.each([
    ['an event store that is away', new EventStoreUnavailableError('away')],
    ['a port that nobody listens on', refused('ECONNREFUSED')],
    ['the same of another realm', elsewhere('ECONNREFUSED')],
  ])('waits for %s', async (_, error) => {
    const told: Error[] = [];
    const signal = new AbortController().signal;
    const work = () => (told.length === 0 ? Promise.reject(error) : Promise.resolve('there'));
    expect(await whenReachable(work, signal, (one) => told.push(one))).toBe('there');
    expect(told).toEqual([error]);
  });

  it.each([
    ['a wrong password', refused('28P01')],
    ['a defect', new TypeError('undefined is not a function')],
  ])('ends at once with %s', async (_, error) => {
    const signal = new AbortController().signal;
    const waiting = () => {
      throw new Error('it waits');
    };
    await expect(whenReachable(() => Promise.reject(error), signal, waiting)).rejects.toBe(error);
  });

  it('ends when it is told to', async () => {
    const stopping = new AbortController();
    const away = () => Promise.reject(new EventStoreUnavailableError('away'));
    const start = whenReachable(away, stopping.signal, () => {
      stopping.abort(new Error('stopped'));
    });
    await expect(start).rejects.toThrow();
  });
});
