import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { AppendResult, CallOptions, ExpectedRevision, NewEvent } from './index.js';
import {
  AppendOutcomeUnknownError,
  AppendTooLargeError,
  appendUntilKnown,
  EventStoreUnavailableError,
  WrongExpectedRevisionError,
} from './index.js';
import { MemoryEventStore, MemoryLog } from './memory/index.js';

type Fault = 'lost before it arrived' | 'lost after it was stored' | 'unavailable' | 'too large';

/** A memory store behind a connection that fails as told, one fault a call. */
class FaultyStore extends MemoryEventStore {
  calls = 0;
  readonly timeouts: (number | undefined)[] = [];
  constructor(
    log: MemoryLog,
    private readonly faults: Fault[],
    private readonly forEver = false,
  ) {
    super(log);
  }
  override async append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    options: CallOptions = {},
  ): Promise<AppendResult> {
    this.calls += 1;
    this.timeouts.push(options.timeoutMs);
    const fault = this.forEver ? this.faults[0] : this.faults.shift();
    if (fault === 'unavailable') throw new EventStoreUnavailableError(fault);
    if (fault === 'too large') throw new AppendTooLargeError(2, 1);
    if (fault === 'lost before it arrived') throw new AppendOutcomeUnknownError(fault);
    const result = await super.append(streamId, expected, events, options);
    if (fault) throw new AppendOutcomeUnknownError(fault);
    return result;
  }
}

const happened = (): NewEvent => ({
  id: randomUUID(),
  type: 'Happened',
  data: '{}',
  metadata: '{}',
});
const soon = (ms: number) => ({ deadline: new Date(Date.now() + ms) });

describe('appendUntilKnown', () => {
  it.each<[string, Fault[]]>([
    ['stored before the answer was lost', ['lost after it was stored', 'unavailable']],
    ['lost on its way', ['lost before it arrived', 'lost before it arrived']],
    ['refused for now', ['unavailable', 'lost after it was stored', 'lost before it arrived']],
  ])('stores once what was %s', async (_, faults) => {
    const log = new MemoryLog();
    const store = new FaultyStore(log, [...faults]);
    const result = await appendUntilKnown(
      store,
      's',
      'noStream',
      [happened(), happened()],
      soon(5_000),
    );
    expect(result).toEqual({ revision: 1n, position: 2n });
    expect(log.events).toHaveLength(2);
    expect(store.calls).toBe(faults.length + 1);
  });

  it('knows that nothing of it is stored when somebody else has taken the revision', async () => {
    const log = new MemoryLog();
    await new MemoryEventStore(log).append('s', 'noStream', [happened()]);
    const store = new FaultyStore(log, ['lost before it arrived']);
    await expect(
      appendUntilKnown(store, 's', 'noStream', [happened()], soon(5_000)),
    ).rejects.toThrow(WrongExpectedRevisionError);
  });

  it('does not repeat what cannot succeed', async () => {
    const store = new FaultyStore(new MemoryLog(), ['too large']);
    await expect(
      appendUntilKnown(store, 's', 'noStream', [happened()], soon(5_000)),
    ).rejects.toThrow(AppendTooLargeError);
    expect(store.calls).toBe(1);
  });

  it('says at the deadline that the outcome is unknown, or known to be nothing', async () => {
    const unknown = new FaultyStore(new MemoryLog(), ['lost before it arrived'], true);
    await expect(
      appendUntilKnown(unknown, 's', 'noStream', [happened()], soon(200)),
    ).rejects.toThrow(AppendOutcomeUnknownError);
    const unavailable = new FaultyStore(new MemoryLog(), ['unavailable'], true);
    await expect(
      appendUntilKnown(unavailable, 's', 'noStream', [happened()], soon(200)),
    ).rejects.toThrow(EventStoreUnavailableError);
    expect(unavailable.calls).toBeGreaterThan(1);
    expect(Math.max(...unavailable.timeouts.map((ms) => ms ?? Infinity))).toBeLessThanOrEqual(200);
  });

  it('remembers that one attempt was unknown though the last was only unavailable', async () => {
    const store = new FaultyStore(new MemoryLog(), [
      'lost before it arrived',
      ...Array<Fault>(50).fill('unavailable'),
    ]);
    await expect(appendUntilKnown(store, 's', 'noStream', [happened()], soon(200))).rejects.toThrow(
      AppendOutcomeUnknownError,
    );
  });

  it('makes one attempt after the deadline, by the clock of its caller', async () => {
    const store = new FaultyStore(new MemoryLog(), ['unavailable'], true);
    const now = new Date('2026-01-01T00:00:00.000Z');
    const call = appendUntilKnown(store, 's', 'noStream', [happened()], {
      deadline: now,
      clock: { now: () => now },
    });
    await expect(call).rejects.toThrow(EventStoreUnavailableError);
    expect(store.calls).toBe(1);
  });

  it('gives up when its caller does', async () => {
    const store = new FaultyStore(new MemoryLog(), ['lost before it arrived'], true);
    const caller = new AbortController();
    const call = appendUntilKnown(store, 's', 'noStream', [happened()], {
      ...soon(60_000),
      signal: caller.signal,
    });
    caller.abort();
    await expect(call).rejects.toThrow(AppendOutcomeUnknownError);
  });
});
