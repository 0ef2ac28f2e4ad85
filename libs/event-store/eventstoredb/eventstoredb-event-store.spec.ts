import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent, StoredEvent } from '../index.js';
import {
  AppendOutcomeUnknownError,
  appendUntilKnown,
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventStoreAccessDeniedError,
  EventStoreUnavailableError,
  LEDGER_BEACON_STREAM,
  LogMismatchError,
  openLedger,
  position,
  PositionNotInLogError,
  SUBSCRIPTION_BUFFER_EVENTS_MAX,
} from '../index.js';
import { Following, within } from '../testing/index.js';
import { DoubleLog, EventStoreDbDouble } from '../testing/double/index.js';
import type { AppendFault, DoubleMember, ReadFault } from '../testing/double/index.js';
import { SUBSCRIPTION_BUFFER_BYTES_MAX } from './feed.js';
import { EventStoreDBEventStore, StreamTombstonedError } from './index.js';
import { CONNECT_TIMEOUT_MS } from './safe-client.js';

/** Of an append that comes to be known, on a busy machine. */
const OUTCOME_MS_MAX = 20_000;

const unhandled: unknown[] = [];
const noticed = (error: unknown) => void unhandled.push(error);
const doubles: EventStoreDbDouble[] = [];
const stores: EventStoreDBEventStore[] = [];
const folder = mkdtempSync(join(tmpdir(), 'eventstoredb-'));

beforeAll(() => {
  process.on('unhandledRejection', noticed);
});

afterEach(async () => {
  for (const double of doubles) double.unfreeze();
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(doubles.splice(0).map((double) => double.stop()));
});

afterAll(() => {
  process.off('unhandledRejection', noticed);
  rmSync(folder, { recursive: true });
  expect(unhandled).toEqual([]);
});

async function startDouble(
  options: Parameters<typeof EventStoreDbDouble.start>[0] = {},
): Promise<EventStoreDbDouble> {
  const double = await EventStoreDbDouble.start(options);
  doubles.push(double);
  return double;
}

function open(connectionString: string): EventStoreDBEventStore {
  const store = new EventStoreDBEventStore({ connectionString });
  stores.push(store);
  return store;
}

const happened = (n: number, text = ''): NewEvent => ({
  id: randomUUID(),
  type: 'Happened',
  data: JSON.stringify({ n, text }),
  metadata: '{}',
});

const stream = () => `case${randomUUID().slice(0, 8)}-1-1`;

async function all(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const taken: StoredEvent[] = [];
  for await (const event of events) taken.push(event);
  return taken;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const polling = async () => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await within(polling(), what);
}

const numbers = (events: readonly StoredEvent[]) =>
  events
    .filter((event) => event.type !== 'LedgerBeacon')
    .map((event) => (JSON.parse(event.data) as { n: number }).n);

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('an append', () => {
  let double: EventStoreDbDouble;
  let store: EventStoreDBEventStore;
  beforeEach(async () => {
    double = await startDouble();
    store = open(double.connectionString);
  });

  it('never takes the route on which a stray answer ends the process', async () => {
    await store.append(stream(), 'noStream', [happened(1)]);
    await store.barrier();
    expect(double.counts.batchAppend).toBe(0);
    expect(double.counts.append).toBeGreaterThanOrEqual(2);
  });

  it.each<AppendFault>(['silence', 'storedThenSilence'])(
    'has a deadline, after which its outcome is unknown (%s)',
    async (fault) => {
      // Connected: what is given little time spends none of it on that.
      await store.head();
      double.faults.onAppend(fault);
      const silent = store.append(stream(), 'noStream', [happened(1)], { timeoutMs: 200 });
      await expect(
        within(silent, 'the deadline', EVENT_STORE_TIMEOUT_MS_DEFAULT / 2),
      ).rejects.toBeInstanceOf(AppendOutcomeUnknownError);
    },
  );

  it('has a deadline against a frozen server too, and goes on when that thaws', async () => {
    const s = stream();
    await store.append(s, 'noStream', [happened(0)]);
    double.freeze();
    const frozen = happened(1);
    await expect(store.append(s, 0n, [frozen], { timeoutMs: 200 })).rejects.toBeInstanceOf(
      AppendOutcomeUnknownError,
    );
    double.unfreeze();
    expect((await store.append(s, 0n, [frozen])).revision).toBe(1n);
    expect(numbers(await all(store.readStream(s)))).toEqual([0, 1]);
  });

  it.each<[AppendFault, new (...args: never[]) => Error]>([
    ['unavailable', AppendOutcomeUnknownError],
    ['notReady', AppendOutcomeUnknownError],
    ['timeout', AppendOutcomeUnknownError],
    ['unknown', AppendOutcomeUnknownError],
    ['internal', AppendOutcomeUnknownError],
    ['storedThenUnavailable', AppendOutcomeUnknownError],
    ['storedThenTimeout', AppendOutcomeUnknownError],
    ['denied', EventStoreAccessDeniedError],
  ])('that meets %s says what is known of it', async (fault, kind) => {
    double.faults.onAppend(fault);
    await expect(store.append(stream(), 'noStream', [happened(1)])).rejects.toBeInstanceOf(kind);
  });

  it.each<AppendFault>(['storedThenUnavailable', 'storedThenTimeout', 'storedThenSilence'])(
    'whose answer is lost is stored once when it is repeated until it is known (%s)',
    async (fault) => {
      const s = stream();
      await store.head();
      double.faults.onAppend(fault);
      const event = happened(1);
      const first = store.append(s, 'noStream', [event], { timeoutMs: 200 });
      await expect(first).rejects.toBeInstanceOf(AppendOutcomeUnknownError);
      const appended = await appendUntilKnown(store, s, 'noStream', [event], {
        deadline: new Date(Date.now() + OUTCOME_MS_MAX),
      });
      expect(appended.revision).toBe(0n);
      expect(await all(store.readStream(s))).toHaveLength(1);
    },
  );

  it('through a restart of the server is repeated at its revision, and recognised', async () => {
    const s = stream();
    double.faults.onAppend('storedThenUnavailable');
    const event = happened(1);
    await expect(store.append(s, 'noStream', [event])).rejects.toThrow();
    await double.goDown();
    await double.comeUp();
    await appendUntilKnown(store, s, 'noStream', [event], {
      deadline: new Date(Date.now() + OUTCOME_MS_MAX),
    });
    expect(await all(store.readStream(s))).toHaveLength(1);
  });

  it('to a server that is down is known not to be stored', async () => {
    await double.goDown();
    const event = happened(1);
    await expect(
      store.append(stream(), 'noStream', [event], { timeoutMs: 1_000 }),
    ).rejects.toBeInstanceOf(EventStoreUnavailableError);
  });

  it('that a follower refuses is sent to the leader', async () => {
    double.faults.leader = { host: '127.0.0.1', port: double.port };
    double.faults.onAppend('notLeader', 'notLeader');
    const { revision } = await store.append(stream(), 'noStream', [happened(1)]);
    expect(revision).toBe(0n);
  });

  it('that only meets followers is known not to be stored', async () => {
    double.faults.leader = { host: '127.0.0.1', port: double.port };
    double.faults.onAppend(...Array.from({ length: 9 }, () => 'notLeader' as const));
    const s = stream();
    await expect(store.append(s, 'noStream', [happened(1)])).rejects.toBeInstanceOf(
      EventStoreUnavailableError,
    );
    double.faults.clear();
    expect(await all(store.readStream(s))).toEqual([]);
  });

  it('ends when its caller gives up, its outcome unknown', async () => {
    double.faults.onAppend('silence');
    const giveUp = new AbortController();
    const appending = store.append(stream(), 'noStream', [happened(1)], { signal: giveUp.signal });
    await until('the append', () => double.counts.append > 0);
    giveUp.abort();
    await expect(appending).rejects.toBeInstanceOf(AppendOutcomeUnknownError);
  });

  it('to a tombstoned stream is refused for good', async () => {
    const s = stream();
    double.log.tombstone(s, 'any');
    await expect(store.append(s, 'noStream', [happened(1)])).rejects.toBeInstanceOf(
      StreamTombstonedError,
    );
    await expect(all(store.readStream(s))).rejects.toBeInstanceOf(StreamTombstonedError);
  });
});

describe('a read', () => {
  let double: EventStoreDbDouble;
  let store: EventStoreDBEventStore;
  beforeEach(async () => {
    double = await startDouble();
    store = open(double.connectionString);
  });

  it.each<ReadFault>(['notLeader', 'unavailable', 'notReady', 'internal', 'unknown'])(
    'is asked again after %s',
    async (fault) => {
      const s = stream();
      await store.append(s, 'noStream', [happened(0)]);
      double.faults.leader = { host: '127.0.0.1', port: double.port };
      double.faults.onRead(fault);
      expect(numbers(await all(store.readStream(s)))).toEqual([0]);
    },
  );

  it('gives up after some attempts, and when no answer comes', async () => {
    double.faults.onRead('unavailable', 'unavailable', 'unavailable');
    await expect(store.head()).rejects.toBeInstanceOf(EventStoreUnavailableError);
    double.faults.onRead('silence');
    await expect(all(store.readStream('x-1-1', { timeoutMs: 100 }))).rejects.toBeInstanceOf(
      EventStoreUnavailableError,
    );
  });

  it('that breaks off goes on behind the last event it gave, each event once', async () => {
    const s = stream();
    await store.append(
      s,
      'noStream',
      upTo(300).map((n) => happened(n)),
    );
    const [first] = await all(store.readStream(s, { maxCount: 1 }));
    for (const read of [
      () => store.readStream(s),
      () => store.readAll({ from: first?.position ?? position(0n) }),
    ]) {
      double.faults.breakReadAfter = 120;
      expect(numbers(await all(read()))).toEqual(upTo(300));
      double.faults.breakReadAfter = 120;
    }
    double.faults.breakReadAfter = 120;
    const back = await all(store.readStream(s, { direction: 'backwards', maxCount: 200 }));
    expect(numbers(back)).toEqual(upTo(300).reverse().slice(0, 200));
    double.faults.breakReadAfter = 120;
    const down = await all(store.readAll({ direction: 'backwards', maxCount: 200 }));
    expect(numbers(down)).toEqual(upTo(300).reverse().slice(0, 200));
  });

  it("reads over the server's own events, however many lie before the few that are wanted", async () => {
    const s = stream();
    const { position: at } = await store.append(s, 'noStream', [happened(0)]);
    for (let i = 0; i < 100; i += 1)
      double.log.append('$stats-0', 'any', [
        {
          id: randomUUID(),
          type: '$statsCollected',
          isJson: true,
          data: Buffer.from('{}'),
          metadata: new Uint8Array(),
        },
      ]);
    const next = await store.append(s, 0n, [happened(1)]);
    expect(await store.head()).toBe(next.position);
    expect(numbers(await all(store.readAll({ from: at, maxCount: 2 })))).toEqual([0, 1]);
    expect(numbers(await all(store.readAll({ direction: 'backwards', maxCount: 2 })))).toEqual([
      1, 0,
    ]);
  });
});

describe('a subscription', () => {
  let double: EventStoreDbDouble;
  let store: EventStoreDBEventStore;
  beforeEach(async () => {
    double = await startDouble();
    store = open(double.connectionString);
  });

  it.each<[string, (double: EventStoreDbDouble) => void | Promise<void>]>([
    [
      'its connection is cut',
      (d) => {
        d.dropConnections();
      },
    ],
    [
      'the server ends it',
      (d) => {
        d.endReads();
      },
    ],
    [
      'the server is away for a moment',
      async (d) => {
        await d.goDown();
        await d.comeUp();
      },
    ],
  ])('goes on without a gap or a repetition when %s', async (_, harm) => {
    const s = stream();
    const following = [
      new Following(store),
      new Following(store, { filter: { streamPrefixes: [s] } }),
    ];
    for (let n = 0; n < 40; n += 1) {
      await appendUntilKnown(store, s, n === 0 ? 'noStream' : BigInt(n) - 1n, [happened(n)], {
        deadline: new Date(Date.now() + OUTCOME_MS_MAX),
      });
      if (n % 15 === 7) await harm(double);
    }
    for (const one of following) {
      await one.until('all', () => numbers(one.events).length >= 40);
      await one.stop();
      expect(numbers(one.events)).toEqual(upTo(40));
    }
  });

  it('says no progress before the events it covers, to a reader however slow', async () => {
    const s = stream();
    for (let n = 0; n < 40; n += 1) {
      await store.append(s, n === 0 ? 'noStream' : BigInt(n) - 1n, [happened(n)]);
      await store.append(
        stream(),
        'noStream',
        upTo(30).map((i) => happened(i)),
      );
    }
    const wanted = (await all(store.readStream(s))).map((event) => event.position);
    const last = wanted.at(-1) ?? position(0n);
    let handled = 0;
    let progress = 0n;
    for await (const item of store.subscribeAll({ filter: { streamPrefixes: [s] } })) {
      if (item.kind === 'event') {
        // Slow, as one that does something with it.
        await store.head();
        handled += 1;
      } else {
        progress = item.position;
        expect(wanted.filter((at) => at <= progress)).toHaveLength(handled);
        if (progress >= last) break;
      }
    }
    expect(handled).toBe(40);
  });

  it('of a filter says no progress past an event that its server has not brought yet', async () => {
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    await store.append(s, 'noStream', [happened(0)]);
    await following.until('it is live', (items) => items.at(-1)?.kind === 'progress');
    double.holdSubscriptions();
    const { position: free } = await store.append(stream(), 'noStream', [happened(0)]);
    const { position: late } = await store.append(s, 0n, [happened(1)]);
    await store.append(stream(), 'noStream', [happened(0)]);
    await following.until('progress up to it', (items) =>
      items.some((item) => item.kind === 'progress' && item.position >= free),
    );
    const reads = double.counts.read;
    await until('some more looks ahead', () => double.counts.read >= reads + 4);
    const furthest = following.items.at(-1);
    expect(furthest).toEqual({ kind: 'progress', position: free });
    double.releaseSubscriptions();
    await following.until('the event and what follows it', (items) =>
      items.some((item) => item.kind === 'progress' && item.position > late),
    );
    await following.stop();
    expect(numbers(following.events)).toEqual([0, 1]);
  });

  it('of a filter says how far it is though the server tells no checkpoint at all', async () => {
    // From the start, nothing matching: the server tells position 2^64 - 1, and never another.
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    for (let round = 0; round < 3; round += 1) {
      const { position: at } = await store.append(stream(), 'noStream', [happened(round)]);
      await following.until('progress', (items) =>
        items.some((item) => item.kind === 'progress' && item.position >= at),
      );
    }
    await store.append(s, 'noStream', [happened(7)]);
    await following.until('the event', () => following.events.length === 1);
    await following.stop();
  });

  it('says only positions that it can be resumed from', async () => {
    const s = stream();
    for (let i = 0; i < 5; i += 1)
      await store.append(
        stream(),
        'noStream',
        upTo(70).map((n) => happened(n)),
      );
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    const head = await store.head();
    await following.until('the head', (items) =>
      items.some((item) => item.kind === 'progress' && item.position >= (head ?? 0n)),
    );
    await following.stop();
    await store.append(s, 'noStream', [happened(1)]);
    for (const item of following.items) {
      if (item.kind !== 'progress') continue;
      const again = new Following(store, { after: item.position, filter: { streamPrefixes: [s] } });
      await again.until('the event', () => again.events.length === 1);
      await again.stop();
    }
  });

  it('is refused at a position between two events, and past the end', async () => {
    const { position: at } = await store.append(stream(), 'noStream', [happened(0)]);
    await store.append(stream(), 'noStream', [happened(1)]);
    for (const after of [position(at + 1n), position(at + 1_000_000n)])
      await expect(
        within(store.subscribeAll({ after })[Symbol.asyncIterator]().next(), 'the refusal'),
      ).rejects.toBeInstanceOf(PositionNotInLogError);
  });

  it('stops with an error when the server comes back with another log', async () => {
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    await store.append(
      s,
      'noStream',
      upTo(20).map((n) => happened(n)),
    );
    await following.until('all', () => following.events.length === 20);
    const { port } = double;
    await double.stop();
    const other = await startDouble({ port });
    await expect(following.until('the refusal', () => false)).rejects.toBeInstanceOf(
      PositionNotInLogError,
    );
    expect(other.counts.read).toBeGreaterThan(0);
  });

  it('lets at most its buffer wait for a reader that stays behind, by number and by bytes', async () => {
    for (const [count, text] of [
      [8_000, ''],
      [120, 'x'.repeat(500_000)],
    ] as const) {
      const s = stream();
      const items = store.subscribeAll({ filter: { streamPrefixes: [s] } })[Symbol.asyncIterator]();
      for (let at = 0; at < count; at += text === '' ? 1_000 : 1)
        double.log.append(
          s,
          'any',
          upTo(text === '' ? 1_000 : 1).map((n) => ({
            ...happened(at + n),
            isJson: true,
            data: Buffer.from(JSON.stringify({ n: at + n, text })),
            metadata: Buffer.from('{}'),
          })),
        );
      const sent = () => double.counts.eventsSent;
      const [before, bytesBefore] = [sent(), double.counts.eventBytesSent];
      await within(items.next(), 'the first item');
      let last = -1;
      // Until the server can send no more.
      let stillFor = 0;
      await until('the buffer to fill', () => {
        stillFor = sent() === last ? stillFor + 1 : 0;
        last = sent();
        return stillFor > 60;
      });
      // The transport holds some more: its windows and the client's own streams.
      const transport = text === '' ? 1_000 : 40;
      expect(sent() - before).toBeLessThan(SUBSCRIPTION_BUFFER_EVENTS_MAX + transport);
      expect(double.counts.eventBytesSent - bytesBefore).toBeLessThan(
        SUBSCRIPTION_BUFFER_BYTES_MAX + transport * 550_000,
      );
      let seen = 0;
      while (seen < count - 1) {
        const next = await within(items.next(), 'an item');
        if (next.done === true) throw new Error('it ended');
        const item = next.value;
        if (item.kind === 'event' && item.event.streamId === s)
          seen = (JSON.parse(item.event.data) as { n: number }).n;
      }
      await items.return?.();
    }
  });

  it('waits for a server that is not there yet', async () => {
    await double.goDown();
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    await double.comeUp();
    await store.append(s, 'noStream', [happened(0)]);
    await following.until('the event', () => following.events.length === 1);
    await following.stop();
  });
});

it('a store prints nothing beside the logs when it is made', () => {
  const { console: loud } = globalThis;
  const printed: unknown[] = [];
  const record = (...words: unknown[]) => void printed.push(words);
  const warn = Object.getOwnPropertyDescriptor(loud, 'warn');
  Object.assign(loud, { warn: record });
  try {
    open('esdb://127.0.0.1:9?tls=false');
    expect(printed).toEqual([]);
    loud.warn('kept');
    expect(printed).toEqual([['kept']]);
  } finally {
    Object.defineProperty(loud, 'warn', warn ?? { value: undefined });
  }
});

describe('a barrier', () => {
  it('is shared by all who ask at once, and at most two a second are written', async () => {
    const double = await startDouble();
    const store = open(double.connectionString);
    const positions = await Promise.all(upTo(50).map(() => store.barrier()));
    await Promise.all(upTo(50).map(() => store.barrier()));
    expect(new Set(positions).size).toBe(1);
    expect(await all(store.readStream(LEDGER_BEACON_STREAM))).toHaveLength(2);
  });

  it('says once that the number of beacons can not be limited, however often it is asked for', async () => {
    const double = await startDouble();
    const { connectionString } = double;
    await double.goDown();
    const told: string[] = [];
    const store = new EventStoreDBEventStore({ connectionString, warn: (what) => told.push(what) });
    stores.push(store);
    await expect(store.barrier({ timeoutMs: 2_500 })).rejects.toThrow();
    expect(told).toEqual(['the number of kept beacons could not be limited']);
    await double.comeUp();
    await store.barrier();
    expect(double.log.view(`$$${LEDGER_BEACON_STREAM}`).kind).toBe('found');
    expect(told).toHaveLength(1);
  });

  it('keeps a bounded number of beacons', async () => {
    const double = await startDouble();
    const store = open(double.connectionString);
    await store.barrier();
    await open(double.connectionString).barrier();
    const limits = double.log.view(`$$${LEDGER_BEACON_STREAM}`);
    expect(limits.kind).toBe('found');
    for (let i = 0; i < 150; i += 1)
      double.log.append(LEDGER_BEACON_STREAM, 'any', [
        {
          id: randomUUID(),
          type: 'LedgerBeacon',
          isJson: true,
          data: Buffer.from('{}'),
          metadata: Buffer.from('{}'),
        },
      ]);
    expect(await all(store.readStream(LEDGER_BEACON_STREAM))).toHaveLength(100);
  });

  it('is refused by a leader without its quorum, which still answers reads from its old head', async () => {
    const log = new DoubleLog();
    const old = await startDouble({ log });
    const fresh = await startDouble({ log });
    const [cutOff, elsewhere] = [open(old.connectionString), open(fresh.connectionString)];
    const s = stream();
    const { position: before } = await cutOff.append(s, 'noStream', [happened(0)]);
    old.loseQuorum();
    const { position: after } = await elsewhere.append(s, 0n, [happened(1)]);
    expect(await cutOff.head()).toBe(before);
    await expect(cutOff.barrier({ timeoutMs: 1_200 })).rejects.toBeInstanceOf(
      EventStoreUnavailableError,
    );
    old.regainQuorum();
    expect(await cutOff.barrier()).toBeGreaterThan(after);
  });
});

describe('a store that keeps to its log', () => {
  let double: EventStoreDbDouble;
  let store: EventStoreDBEventStore;
  const ledgerOn = (on: EventStoreDBEventStore) =>
    openLedger(on, { clock: { now: () => new Date() } });
  beforeEach(async () => {
    double = await startDouble();
    store = open(double.connectionString);
    store.keepTo((await ledgerOn(store)).logId);
  });

  /** What takes its place, at its port. */
  const replaced = async (log = new DoubleLog()) => {
    const { port } = double;
    await double.goDown();
    return startDouble({ port, log });
  };
  const anotherLedger = async () => {
    const log = new DoubleLog();
    await ledgerOn(open((await startDouble({ log })).connectionString));
    return log;
  };

  it.each([
    [
      'an empty one',
      () => Promise.resolve(new DoubleLog()),
      EventStoreUnavailableError,
      'no ledger',
    ],
    ['that of another ledger', anotherLedger, LogMismatchError, 'holds log'],
  ])('sends nothing to %s in its place, and takes no answer of it', async (_, log, kind, words) => {
    const s = stream();
    await store.append(s, 'noStream', [happened(0)]);
    const other = await replaced(await log());
    const refused = { name: kind.name, message: expect.stringContaining(words) as unknown };
    // The first call may meet the lost connection.
    await store.head().catch(() => undefined);
    await expect(store.append(stream(), 'noStream', [happened(1)])).rejects.toMatchObject(refused);
    await expect(all(store.readStream(s))).rejects.toMatchObject(refused);
    await expect(all(store.readAll())).rejects.toMatchObject(refused);
    await expect(store.head()).rejects.toMatchObject(refused);
    await expect(store.barrier({ timeoutMs: 500 })).rejects.toBeInstanceOf(Error);
    expect(other.counts.append).toBe(0);
    await other.stop();
    await double.comeUp();
    await appendUntilKnown(store, s, 0n, [happened(1)], {
      deadline: new Date(Date.now() + OUTCOME_MS_MAX),
    });
    expect(numbers(await all(store.readStream(s)))).toEqual([0, 1]);
  });

  it('waits for an answer no longer than it was told, also where the connection is lost meanwhile', async () => {
    const s = stream();
    await store.append(s, 'noStream', [happened(0)]);
    double.freeze();
    const waiting = { timeoutMs: 2_000 };
    const reads = [
      all(store.readStream(s, waiting)),
      all(store.readAll(waiting)),
      store.head(waiting),
    ];
    const ended = Promise.allSettled(reads);
    await pause(1_800);
    double.dropConnections();
    // Each attempt with a time of its own would end at 3.8 s.
    const outcomes = await Promise.race([ended, pause(1_700, [])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('sends nothing to it of what is under way in the moment of the change', async () => {
    const outcomes: Promise<string>[] = [];
    const write = () => {
      const s = stream();
      outcomes.push(
        store.append(s, 'noStream', [happened(0)], { timeoutMs: 3_000 }).then(
          () => s,
          () => '',
        ),
      );
    };
    const writing = setInterval(write, 1);
    try {
      await until('some writes', () => double.counts.append > 20);
      const other = await replaced();
      await until('its word', () => other.counts.read > 0);
      const before = outcomes.length;
      await until('more writes', () => outcomes.length > before + 20);
      clearInterval(writing);
      const acknowledged = (await Promise.all(outcomes)).filter((s) => s !== '');
      expect(acknowledged.length).toBeGreaterThan(0);
      for (const s of acknowledged) expect(double.log.view(s).kind).toBe('found');
      expect(other.counts.append).toBe(0);
    } finally {
      clearInterval(writing);
    }
  });

  it('is followed by no subscriber into another log, and on when its own is back', async () => {
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    await store.append(s, 'noStream', [happened(0)]);
    await following.until('the first', () => following.events.length === 1);
    const log = await anotherLedger();
    const elsewhere = open((await startDouble({ log })).connectionString);
    for (const n of upTo(40))
      await elsewhere.append(s, n === 0 ? 'noStream' : BigInt(n) - 1n, [happened(100 + n)]);
    const other = await replaced(log);
    const reads = () => other.counts.read;
    await until('it asks', () => reads() > 2);
    await other.stop();
    await double.comeUp();
    const event = happened(1);
    await appendUntilKnown(store, s, 0n, [event], {
      deadline: new Date(Date.now() + OUTCOME_MS_MAX),
    });
    await following.until('the second', () => following.events.length >= 2);
    await following.stop();
    expect(numbers(following.events)).toEqual([0, 1]);
  });
});

describe('a cluster', () => {
  const members: DoubleMember[] = [];
  let nodes: EventStoreDbDouble[];
  beforeEach(async () => {
    const log = new DoubleLog();
    nodes = await Promise.all(upTo(3).map(() => startDouble({ log, members: () => members })));
    lead(0);
  });

  function lead(leader: number): void {
    const endpoint = { host: '127.0.0.1', port: nodes[leader]?.port ?? 0 };
    members.splice(
      0,
      3,
      ...nodes.map(({ port }, i) => ({
        host: '127.0.0.1',
        port,
        role: i === leader ? ('leader' as const) : ('follower' as const),
      })),
    );
    for (const [i, node] of nodes.entries())
      if (i === leader) node.lead();
      else node.follow(endpoint);
  }

  const ports = () => nodes.map(({ port }) => `127.0.0.1:${String(port)}`);

  it.each<[string, () => string]>([
    ['its list of nodes', () => `esdb://${ports().join(',')}?tls=false`],
    ['one name', () => `esdb+discover://${ports()[1] ?? ''}?tls=false`],
    ['the address of a follower', () => `esdb://${ports()[2] ?? ''}?tls=false`],
  ])('is reached by %s, at its leader', async (_, connectionString) => {
    const store = open(connectionString());
    const s = stream();
    await store.append(s, 'noStream', [happened(0)]);
    expect(numbers(await all(store.readStream(s)))).toEqual([0]);
    expect(nodes[0]?.counts.append).toBeGreaterThan(0);
  });

  it('may change its leader: appends are stored once, subscriptions go on', async () => {
    const store = open(`esdb://${ports().join(',')}?tls=false`);
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    for (let n = 0; n < 30; n += 1) {
      await appendUntilKnown(store, s, n === 0 ? 'noStream' : BigInt(n) - 1n, [happened(n)], {
        deadline: new Date(Date.now() + OUTCOME_MS_MAX),
      });
      if (n === 10) {
        lead(1);
        await nodes[0]?.goDown();
      }
      if (n === 20) lead(2);
    }
    await following.until('all', () => following.events.length >= 30);
    await following.stop();
    expect(numbers(following.events)).toEqual(upTo(30));
    expect(numbers(await all(store.readStream(s)))).toEqual(upTo(30));
  });

  it('is left at a node that takes connections and says nothing, for the one that leads instead', async () => {
    const store = open(`esdb+discover://${ports()[1] ?? ''}?tls=false`);
    nodes[0]?.freeze();
    const s = stream();
    const event = happened(0);
    // Enough to find the node, and less than what it has to say something in.
    const timeoutMs = CONNECT_TIMEOUT_MS / 2;
    await expect(store.append(s, 'noStream', [event], { timeoutMs })).rejects.toBeInstanceOf(
      AppendOutcomeUnknownError,
    );
    lead(1);
    await appendUntilKnown(store, s, 'noStream', [event], {
      deadline: new Date(Date.now() + 5 * CONNECT_TIMEOUT_MS),
    });
    expect(numbers(await all(store.readStream(s)))).toEqual([0]);
    expect(nodes[0]?.counts.append).toBe(0);
  });

  it('is left at a leader that froze on a living connection, soon enough for what waits for its answer', async () => {
    const store = open(`esdb://${ports().join(',')}?tls=false`);
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    await store.append(s, 'noStream', [happened(0)]);
    await following.until('the first', () => following.events.length === 1);
    nodes[0]?.freeze();
    const appending = appendUntilKnown(store, s, 0n, [happened(1)], {
      deadline: new Date(Date.now() + EVENT_STORE_TIMEOUT_MS_DEFAULT),
    });
    const reading = all(store.readStream(s));
    lead(1);
    expect((await appending).revision).toBe(1n);
    expect(numbers(await reading).slice(0, 1)).toEqual([0]);
    await following.until('the second', () => following.events.length === 2);
    await following.stop();
    expect(numbers(following.events)).toEqual([0, 1]);
  });

  it('that is all away is an error of the call, not of the process', async () => {
    const store = open(
      `esdb://${ports().join(',')}?tls=false&maxDiscoverAttempts=2&discoveryInterval=20`,
    );
    await store.append(stream(), 'noStream', [happened(0)]);
    await Promise.all(nodes.map((node) => node.goDown()));
    const outcomes = await Promise.allSettled(
      upTo(20).map(() => store.append(stream(), 'noStream', [happened(0)], { timeoutMs: 500 })),
    );
    expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true);
    await expect(store.head()).rejects.toBeInstanceOf(EventStoreUnavailableError);
    await Promise.all(nodes.map((node) => node.comeUp()));
    await store.append(stream(), 'noStream', [happened(0)]);
  });
});

describe('TLS and credentials', () => {
  let double: EventStoreDbDouble;
  let authority: string;
  beforeEach(async () => {
    double = await startDouble({ tls: true, users: { admin: 'ge:heim' } });
    authority = join(folder, `${randomUUID()}.pem`);
    writeFileSync(authority, double.certificateAuthority ?? '');
  });

  const at = (login: string, file: string | undefined) =>
    open(
      `esdb://${login}localhost:${String(double.port)}` +
        (file === undefined ? '' : `?tlsCAFile=${encodeURIComponent(file)}`),
    );

  it('work with the right ones, on the plain route', async () => {
    const store = at('admin:ge%3Aheim@', authority);
    const s = stream();
    const following = new Following(store, { filter: { streamPrefixes: [s] } });
    await store.append(s, 'noStream', [happened(0)]);
    await following.until('the event', () => following.events.length === 1);
    await following.stop();
    expect(await store.barrier()).toBeGreaterThan(0n);
    expect(double.counts.batchAppend).toBe(0);
    expect(store.description).not.toContain('heim');
  });

  it.each([
    ['a wrong password', 'admin:falsch@', 'does not know the user or password'],
    ['an unknown user', 'nobody:ge%3Aheim@', 'does not know the user or password'],
    ['none', '', 'esdb://user:password@'],
  ])('%s: every call is refused as such, at once, with what to do', async (_, login, words) => {
    const store = at(login, authority);
    const refused = EventStoreAccessDeniedError;
    const told = { name: refused.name, message: expect.stringContaining(words) as unknown };
    await expect(store.append(stream(), 'noStream', [happened(0)])).rejects.toMatchObject(told);
    await expect(all(store.readStream('a-1-1'))).rejects.toMatchObject(told);
    await expect(store.head()).rejects.toBeInstanceOf(refused);
    await expect(store.barrier()).rejects.toBeInstanceOf(refused);
    const items = store.subscribeAll()[Symbol.asyncIterator]();
    await expect(within(items.next(), 'the refusal')).rejects.toBeInstanceOf(refused);
    expect(double.counts.batchAppend).toBe(0);
  });

  it.each([
    ['none', () => undefined],
    [
      'that of another server',
      async () => {
        const file = join(folder, `${randomUUID()}.pem`);
        writeFileSync(file, (await startDouble({ tls: true })).certificateAuthority ?? '');
        return file;
      },
    ],
  ])('an unknown authority (%s): nothing is sent, and it says what to name', async (_, file) => {
    const store = at('admin:ge%3Aheim@', await file());
    const told = 'tlsCAFile in the connection string';
    await expect(
      store.append(stream(), 'noStream', [happened(0)], { timeoutMs: 2_000 }),
    ).rejects.toThrow(told);
    await expect(store.head()).rejects.toThrow(told);
    expect(double.counts.append).toBe(0);
  });
});
