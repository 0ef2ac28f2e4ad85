import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventStore, ExpectedRevision, NewEvent, Position, StoredEvent } from '../index.js';
import {
  APPEND_BYTES_MAX,
  appendUntilKnown,
  AppendTooLargeError,
  assertSameLog,
  EventStoreUnavailableError,
  InvalidEventError,
  LEDGER_STREAM,
  LogMismatchError,
  openLedger,
  position,
  POSITION_MAX,
  PositionNotInLogError,
  PROGRESS_INTERVAL_MS,
  WrongExpectedRevisionError,
} from '../index.js';
import { CONTRACT_WAIT_MS, Following, within } from './following.js';

/** One log on a server. */
export interface LogUnderTest {
  /** One more store on it, as another process would open it. The suite closes it. */
  openStore(): EventStore | Promise<EventStore>;
  /** After the suite. */
  end(): Promise<void>;
}

/** What an adapter's test file supplies; an optional member that is absent says that the adapter cannot have that case. */
export interface EventStoreUnderTest {
  openLog(): Promise<LogUnderTest>;
  /** Whether `openLog` gives an empty log each time; a shared server does not. */
  readonly freshLogs: boolean;
  /** The log itself lies in this process, so the heap grows with it whatever a reader holds. */
  readonly logInThisProcess: boolean;
  /** Cuts every connection that stores have to this log, as a restarting server or network does. */
  breakConnections?(log: LogUnderTest): Promise<void>;
  /** Somebody else's transaction, in another database of the same server, that has written and stays open. */
  holdForeignWrite?(log: LogUnderTest): Promise<() => Promise<void>>;
}

/**
 * Events that arrive while a reader stays behind. Where the log grows in this process, what the reader holds can't be
 * told from it: fewer show that they all come.
 */
const FLOOD_EVENTS = 100_000;
const FLOOD_EVENTS_IN_THIS_PROCESS = 20_000;
const FLOOD_BATCH = 1_000;
/** What a reader that stays behind may hold: far below the flood's own size. */
const FLOOD_HEAP_BYTES_MAX = 16 * 1024 * 1024;
const CASE_MS = 60_000;

/**
 * Every hard case of the port, for one adapter. Cases that need a capability are only there when the adapter declares
 * it; the run prints which adapter ran without which.
 */
export function eventStoreContract(name: string, adapter: EventStoreUnderTest): void {
  describe(`event store contract: ${name}`, () => {
    let log: LogUnderTest;
    let store: EventStore;
    const opened: EventStore[] = [];
    const another = async (on: LogUnderTest = log): Promise<EventStore> => {
      const one = await on.openStore();
      opened.push(one);
      return one;
    };

    beforeAll(async () => {
      const without = [
        ...(adapter.freshLogs ? [] : ['fresh logs']),
        ...(adapter.breakConnections ? [] : ['connections that break']),
        ...(adapter.holdForeignWrite ? [] : ['foreign write transactions']),
      ];
      process.stderr.write(
        `event store contract: ${name}${without.length ? ` (has no ${without.join(', no ')})` : ''}\n`,
      );
      log = await adapter.openLog();
      store = await another();
    });

    afterAll(async () => {
      await Promise.all(opened.map((one) => one.close()));
      await log.end();
    });

    describe('append', () => {
      it('gives revisions from 0 without a gap, rising positions, and those of the last event', async () => {
        const s = stream();
        const first = await store.append(s, 'noStream', [happened(1)]);
        const second = await store.append(s, 0n, [happened(2), happened(3)]);
        const events = await all(store.readStream(s));
        expect(first.revision).toBe(0n);
        expect(second.revision).toBe(2n);
        expect(events.map((e) => e.revision)).toEqual([0n, 1n, 2n]);
        expect(events[0]?.position).toBe(first.position);
        expect(events[2]?.position).toBe(second.position);
        expect(rising(events)).toBe(true);
      });

      it.each<[string, ExpectedRevision]>([
        ['from below', 0n],
        ['from above', 2n],
        ['at noStream', 'noStream'],
        ['from far above', 4_000_000_000n],
      ])(
        'refuses a wrong revision %s, names the right one, stores nothing',
        async (_, expected) => {
          const s = stream();
          await store.append(s, 'noStream', [happened(1), happened(2)]);
          const error = await failure(store.append(s, expected, [happened(3)]));
          expect(error).toBeInstanceOf(WrongExpectedRevisionError);
          expect(error).toMatchObject({ streamId: s, expected, actual: 1n });
          expect(await all(store.readStream(s))).toHaveLength(2);
        },
      );

      it('refuses a revision of a stream that does not exist', async () => {
        const s = stream();
        expect(await failure(store.append(s, 0n, [happened(1)]))).toMatchObject({
          name: 'WrongExpectedRevisionError',
          expected: 0n,
          actual: 'noStream',
        });
        expect(await all(store.readStream(s))).toEqual([]);
      });

      it('answers a repetition with the first answer and stores nothing, also much later', async () => {
        const s = stream();
        const [one, two] = [happened(1), happened(2)];
        const first = await store.append(s, 'noStream', [one]);
        expect(await store.append(s, 'noStream', [one])).toEqual(first);
        const second = await store.append(s, 0n, [two]);
        expect(await store.append(s, 0n, [two])).toEqual(second);
        expect(await (await another()).append(s, 'noStream', [one])).toEqual(first);
        expect(await all(store.readStream(s))).toHaveLength(2);
      });

      it('answers a repeated batch, its beginning and its end, and refuses one that is known in part', async () => {
        const s = stream();
        const [one, two, three] = [happened(1), happened(2), happened(3)];
        const batch = await store.append(s, 'noStream', [one, two, three]);
        const [, second] = await all(store.readStream(s));
        expect(await store.append(s, 'noStream', [one, two, three])).toEqual(batch);
        expect(await store.append(s, 'noStream', [one, two])).toEqual({
          revision: 1n,
          position: second?.position,
        });
        expect(await store.append(s, 0n, [two, three])).toEqual(batch);
        for (const [expected, events] of [
          [1n, [three, happened(4)]],
          ['noStream', [one, happened(4)]],
          ['noStream', [two, one]],
          [0n, [one, two]],
        ] as [ExpectedRevision, NewEvent[]][])
          expect(await failure(store.append(s, expected, events))).toMatchObject({
            name: 'WrongExpectedRevisionError',
            actual: 2n,
          });
        expect(await all(store.readStream(s))).toHaveLength(3);
      });

      it('keeps the first bytes when the same id comes with others', async () => {
        const s = stream();
        const one = happened(1);
        const first = await store.append(s, 'noStream', [one]);
        expect(await store.append(s, 'noStream', [{ ...one, data: '{"n":2}' }])).toEqual(first);
        expect((await all(store.readStream(s)))[0]?.data).toBe('{"n":1}');
      });

      it('stores a known id at a revision that fits, in another stream, and twice in a batch', async () => {
        const [s, t] = [stream(), stream()];
        const one = happened(1);
        await store.append(s, 'noStream', [one]);
        expect((await store.append(s, 0n, [one])).revision).toBe(1n);
        expect((await store.append(t, 'noStream', [one, one])).revision).toBe(1n);
        expect(await all(store.readStream(s))).toHaveLength(2);
        expect(await all(store.readStream(t))).toHaveLength(2);
      });

      it('takes an append of nothing and creates nothing', async () => {
        const s = stream();
        const before = await store.append(stream(), 'noStream', [happened(1)]);
        expect((await store.append(s, 'noStream', [])).revision).toBe(-1n);
        expect((await store.append(s, 'noStream', [])).position).toBeGreaterThanOrEqual(
          before.position,
        );
        expect(await all(store.readStream(s))).toEqual([]);
        expect((await store.append(s, 'noStream', [happened(1)])).revision).toBe(0n);
      });

      it('lets exactly one of two appends at one revision win', async () => {
        const other = await another();
        for (let round = 0; round < 20; round += 1) {
          const s = stream();
          const [a, b] = [happened(1), happened(2)];
          const outcomes = await Promise.allSettled([
            store.append(s, 'noStream', [a]),
            other.append(s, 'noStream', [b]),
          ]);
          const lost = outcomes.filter((o) => o.status === 'rejected');
          expect(lost).toHaveLength(1);
          expect(lost[0]?.reason).toBeInstanceOf(WrongExpectedRevisionError);
          const stored = await all(store.readStream(s));
          expect(stored.map((e) => e.id)).toEqual([
            outcomes[0].status === 'fulfilled' ? a.id : b.id,
          ]);
        }
      });

      it('carries out two groups over the same streams in opposite order, each request by itself', async () => {
        const other = await another();
        const streams = Array.from({ length: 20 }, stream);
        for (let round = 0; round < 5; round += 1) {
          const expected: ExpectedRevision = round === 0 ? 'noStream' : BigInt(round) - 1n;
          const attempt = (by: EventStore, order: readonly string[]) =>
            Promise.allSettled(order.map((s) => by.append(s, expected, [happened(round)])));
          const [forth, back] = await within(
            Promise.all([attempt(store, streams), attempt(other, streams.toReversed())]),
            'two groups in opposite order',
          );
          const won = [...forth, ...back].filter((o) => o.status === 'fulfilled');
          const lost = [...forth, ...back].filter((o) => o.status === 'rejected');
          expect(won).toHaveLength(streams.length);
          expect(lost.every((o) => o.reason instanceof WrongExpectedRevisionError)).toBe(true);
        }
      });

      it('lets a request that fails fail alone among many at once', async () => {
        const streams = Array.from({ length: 40 }, stream);
        const taken = streams.filter((_, i) => i % 4 === 0);
        await Promise.all(taken.map((s) => store.append(s, 'noStream', [happened(0)])));
        const outcomes = await Promise.allSettled(
          streams.map((s) => store.append(s, 'noStream', [happened(1), happened(2)])),
        );
        for (const [i, outcome] of outcomes.entries()) {
          const stored = await all(store.readStream(streams[i] ?? ''));
          if (i % 4 === 0) {
            expect(outcome).toMatchObject({ status: 'rejected', reason: { actual: 0n } });
            expect(stored).toHaveLength(1);
          } else {
            const last = stored.at(-1);
            expect(outcome).toEqual({
              status: 'fulfilled',
              value: { revision: 1n, position: last?.position },
            });
            expect(stored).toHaveLength(2);
          }
        }
      });

      it('gives back the bytes that were appended', async () => {
        const s = stream();
        const values: object[] = [
          {
            z: 'Žluťoučký кот 🔑 \u0000 \u2028 \u2029 "\\ </script>',
            a: { deep: [1, [2, [3, { x: null }]]] },
          },
          { 10: 'ten', 9: 'nine', b: 1, a: 2, '': 3, ' ': 4 },
          {
            big: Number.MAX_SAFE_INTEGER,
            tiny: 5e-324,
            huge: 1.7976931348623157e308,
            minus: -0,
            tenth: 0.1,
          },
          {
            lone: '\ud800',
            pair: '\ud83d\ude00',
            reversed: '\udc00\ud800',
            bidi: '\u202e\ufeff',
            tab: '\t\n\r\b',
          },
          {
            composed: '\u00e9',
            decomposed: 'e\u0301',
            nonCharacter: '\uffff\ufffe',
            private: '\ue000',
          },
          {
            quotes: `'"\`{},\\"NULL`,
            braces: '{NULL,"a"}',
            dollar: '$$1$tag$',
            percent: '%_%',
            empty: '',
            list: [],
          },
          JSON.parse('{"__proto__":{"a":1},"constructor":2}') as object,
          {},
        ];
        const events = values.map((value, i) => ({
          ...happened(i),
          type: i === 4 ? 'Событие 🔑 "\\' : 'Happened',
          data: JSON.stringify(value),
          metadata: JSON.stringify({ of: value }),
        }));
        await store.append(s, 'noStream', events);
        const single = { ...happened(8), data: JSON.stringify(values), metadata: '{"a":"\\\\"}' };
        await store.append(s, BigInt(events.length) - 1n, [
          { ...single, data: `{"v":${single.data}}` },
        ]);
        const sent = [...events, { ...single, data: `{"v":${single.data}}` }];
        const bytes = ({ id, type, data, metadata }: NewEvent) => ({ id, type, data, metadata });
        const reader = await another();
        expect((await all(reader.readStream(s))).map(bytes)).toEqual(sent);
        const following = new Following(reader, { filter: { streamPrefixes: [s] } });
        await following.untilEvent(single.id);
        await following.stop();
        expect(following.events.map(bytes)).toEqual(sent);
      });

      it('stores 900 kB in one event and 2,000 events in one request', async () => {
        const s = stream();
        const large = { ...happened(1), data: JSON.stringify({ text: 'é'.repeat(450_000) }) };
        await store.append(s, 'noStream', [large]);
        const many = Array.from({ length: 2_000 }, (_, i) => happened(i));
        const { revision, position: at } = await store.append(s, 0n, many);
        const events = await all(store.readStream(s));
        expect(revision).toBe(2_000n);
        expect(events[0]?.data).toBe(large.data);
        expect(events.slice(1).map((e) => e.id)).toEqual(many.map((e) => e.id));
        expect(events.at(-1)?.position).toBe(at);
        expect(rising(events)).toBe(true);
      });

      it('refuses a request of more than 1 MiB, in one event or together, and stores nothing', async () => {
        const s = stream();
        const half = (n: number) => ({
          ...happened(n),
          data: JSON.stringify({ text: 'x'.repeat(APPEND_BYTES_MAX / 2) }),
        });
        const whole = {
          ...happened(1),
          data: JSON.stringify({ text: 'x'.repeat(APPEND_BYTES_MAX) }),
        };
        for (const events of [[whole], [half(1), half(2)]])
          expect(await failure(store.append(s, 'noStream', events))).toBeInstanceOf(
            AppendTooLargeError,
          );
        expect(await all(store.readStream(s))).toEqual([]);
      });

      it.each<[string, Partial<NewEvent> & { streamId?: string }]>([
        ['an empty stream name', { streamId: '' }],
        ["a stream of the store's own", { streamId: '$settings' }],
        ['a NUL in the stream name', { streamId: 'a\0b' }],
        ['a lone surrogate in the stream name', { streamId: 'a\ud800' }],
        ['an empty type', { type: '' }],
        ["a type of the store's own", { type: '$>' }],
        ['an id that is no UUID', { id: 'one' }],
        ['an upper-case id', { id: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' }],
        ['data that is not JSON', { data: '{' }],
        ['data that is no object', { data: '1' }],
        ['white space in data', { data: '{"a": 1}' }],
        ['keys in an order that JSON.stringify never writes', { data: '{"b":1,"1":2}' }],
        ['a number that JSON.stringify never writes', { data: '{"a":-0}' }],
        ['a lone surrogate in data', { data: '{"a":"\ud800"}' }],
        ['metadata that is not JSON', { metadata: '' }],
      ])('refuses %s', async (_, { streamId: s = stream(), ...event }) => {
        expect(
          await failure(store.append(s, 'noStream', [happened(1), { ...happened(2), ...event }])),
        ).toBeInstanceOf(InvalidEventError);
      });

      it.each([
        'with spaces',
        'sla/sh',
        '🔑',
        'per%cent_',
        'quo\'te"s\\',
        'NULL',
        'and 900 characters more',
      ])('takes a stream named %j', async (suffix) => {
        const s = stream() + (suffix.startsWith('and') ? 'x'.repeat(900) : suffix);
        await store.append(s, 'noStream', [happened(1)]);
        await Promise.all([
          store.append(s, 0n, [happened(2)]),
          store.append(stream(), 'noStream', [happened(3)]),
        ]);
        expect((await all(store.readStream(s))).map((e) => e.streamId)).toEqual([s, s]);
        expect(await all(store.readStream(s.slice(0, -1)))).toEqual([]);
      });
    });

    describe('read', () => {
      it('gives nothing for a stream that does not exist, or past its end', async () => {
        const s = stream();
        expect(await all(store.readStream(s))).toEqual([]);
        expect(await all(store.readStream(s, { direction: 'backwards' }))).toEqual([]);
        await store.append(s, 'noStream', [happened(1)]);
        expect(await all(store.readStream(s, { from: 1n }))).toEqual([]);
        expect(await all(store.readStream(s, { from: POSITION_MAX }))).toEqual([]);
      });

      it('reads a stream from a revision, inclusive, in both directions, up to a count', async () => {
        const s = stream();
        await store.append(s, 'noStream', [0, 1, 2, 3, 4].map(happened));
        const revisions = async (options: Parameters<EventStore['readStream']>[1]) =>
          (await all(store.readStream(s, options))).map((e) => Number(e.revision));
        expect(await revisions({ from: 3n })).toEqual([3, 4]);
        expect(await revisions({ from: 1n, maxCount: 2 })).toEqual([1, 2]);
        expect(await revisions({ direction: 'backwards' })).toEqual([4, 3, 2, 1, 0]);
        expect(await revisions({ direction: 'backwards', maxCount: 1 })).toEqual([4]);
        expect(await revisions({ direction: 'backwards', from: 1n })).toEqual([1, 0]);
      });

      it('reads the log forwards from a position, inclusive, and backwards from one, exclusive', async () => {
        const s = stream();
        const { position: p0 } = await store.append(s, 'noStream', [happened(0)]);
        const { position: p1 } = await store.append(s, 0n, [happened(1)]);
        const { position: p2 } = await store.append(s, 1n, [happened(2)]);
        const positions = async (options: Parameters<EventStore['readAll']>[0]) =>
          (await all(store.readAll(options)))
            .filter((e) => e.streamId === s)
            .map((e) => e.position);
        expect(await positions({ from: p0 })).toEqual([p0, p1, p2]);
        expect(await positions({ from: p1, maxCount: 1 })).toEqual([p1]);
        expect(await positions({ from: p2, direction: 'backwards', maxCount: 1 })).toEqual([p1]);
        expect(await positions({ direction: 'backwards', maxCount: 3 })).toEqual([p2, p1, p0]);
      });

      it('gives nothing for a position past the end', async () => {
        const head = await barrier(store);
        expect(await all(store.readAll({ from: position(head + 1_000_000_000n) }))).toEqual([]);
      });

      it("leaves the store's own events out", async () => {
        const { position: from } = await store.append(stream(), 'noStream', [happened(1)]);
        await barrier(await another());
        const events = await all(store.readAll({ from, maxCount: 1_000 }));
        expect(events[0]?.position).toBe(from);
        expect(events.filter((e) => e.streamId.startsWith('$') || e.type.startsWith('$'))).toEqual(
          [],
        );
      });

      it('reads more than one page of a long stream in order', async () => {
        const s = stream();
        for (let at = 0; at < 3; at += 1)
          await store.append(
            s,
            at === 0 ? 'noStream' : BigInt(at * 900) - 1n,
            Array.from({ length: 900 }, (_, i) => happened(at * 900 + i)),
          );
        const forth = await all(store.readStream(s));
        expect(forth.map((e) => Number(e.revision))).toEqual(
          Array.from({ length: 2_700 }, (_, i) => i),
        );
        const back = await all(store.readStream(s, { direction: 'backwards', maxCount: 2_500 }));
        expect(back.map((e) => Number(e.revision))).toEqual(
          Array.from({ length: 2_500 }, (_, i) => 2_699 - i),
        );
      });

      it('ends when its reader leaves, and rejects when its signal aborts', async () => {
        const s = stream();
        await store.append(s, 'noStream', [0, 1, 2].map(happened));
        for await (const event of store.readStream(s)) if (event.revision === 1n) break;
        const aborted = AbortSignal.abort();
        await expect(all(store.readStream(s, { signal: aborted }))).rejects.toThrow();
        await expect(all(store.readAll({ signal: aborted }))).rejects.toThrow();
      });

      it('dates events with the time of their append', async () => {
        const s = stream();
        const before = Date.now();
        await store.append(s, 'noStream', [happened(1)]);
        const [event] = await all(store.readStream(s));
        expect(Math.abs((event?.storedAt.getTime() ?? 0) - before)).toBeLessThan(CONTRACT_WAIT_MS);
      });
    });

    describe('head and barrier', () => {
      it('are not before anything that anybody was told is stored', async () => {
        const other = await another();
        for (let round = 0; round < 10; round += 1) {
          const { position: at } = await other.append(stream(), 'noStream', [happened(round)]);
          expect(await store.barrier()).toBeGreaterThanOrEqual(at);
          expect(await store.head()).toBeGreaterThanOrEqual(at);
        }
      });

      it('name a position that a subscriber reaches', async () => {
        const following = new Following(store, { filter: { streamPrefixes: ['nobody'] } });
        await store.append(stream(), 'noStream', [happened(1)]);
        const barrier = await store.barrier();
        await following.until('the barrier', (items) =>
          items.some((item) => (item.kind === 'event' ? item.event : item).position >= barrier),
        );
        await following.stop();
      });
    });

    describe('subscribe', () => {
      it('catches up from the start in order and goes on live, with what other stores append too', async () => {
        const other = await another();
        const s = stream();
        const early = [happened(0), happened(1)];
        await store.append(s, 'noStream', early);
        const following = new Following(store, { filter: { streamPrefixes: [s] } });
        await following.untilEvent(early[1]?.id ?? '');
        const [mine, theirs] = [happened(2), happened(3)];
        await store.append(s, 1n, [mine]);
        await other.append(s, 2n, [theirs]);
        await following.untilEvent(theirs.id);
        await following.stop();
        const events = withoutBeacons(following.events);
        expect(events.map((e) => e.id)).toEqual([...early, mine, theirs].map((e) => e.id));
        expect(events).toEqual(await all(store.readStream(s)));
      });

      it('gives the whole log without a filter, each event once', async () => {
        const from = await barrier(store);
        const following = new Following(store, { after: from });
        const last = happened(9);
        await Promise.all(
          Array.from({ length: 50 }, (_, i) => store.append(stream(), 'noStream', [happened(i)])),
        );
        await store.append(stream(), 'noStream', [last]);
        await following.untilEvent(last.id);
        await following.stop();
        const expected = (await all(store.readAll({ from }))).filter((e) => e.position > from);
        expect(withoutBeacons(following.events)).toEqual(withoutBeacons(expected));
      });

      it('starts after a position, exclusive', async () => {
        const s = stream();
        const { position: after } = await store.append(s, 'noStream', [happened(0)]);
        const next = happened(1);
        await store.append(s, 0n, [next]);
        const following = new Following(store, { after, filter: { streamPrefixes: [s] } });
        await following.untilEvent(next.id);
        await following.stop();
        expect(following.events.map((e) => e.id)).toEqual([next.id]);
      });

      it('resumes across a restart without a gap and without a repetition', async () => {
        const s = stream();
        const before = await another();
        await before.append(s, 'noStream', [0, 1, 2].map(happened));
        const first = new Following(before, { filter: { streamPrefixes: [s] } });
        await first.until('three events', () => withoutBeacons(first.events).length >= 3);
        await first.stop();
        await before.close();
        await store.append(s, 2n, [happened(3)]);
        const third = withoutBeacons(first.events)[2];
        const after = await another();
        const second = new Following(after, {
          filter: { streamPrefixes: [s] },
          ...(third ? { after: third.position } : {}),
        });
        await after.append(s, 3n, [happened(4)]);
        await second.until('two more', () => withoutBeacons(second.events).length >= 2);
        await second.stop();
        const events = withoutBeacons([...first.events, ...second.events]);
        expect(events.map((e) => Number(e.revision))).toEqual([0, 1, 2, 3, 4]);
      });

      it('lets only the streams of its filter through', async () => {
        const [s, t, u] = [`${stream()}%_`, stream(), stream()];
        const following = new Following(store, {
          after: await barrier(store),
          filter: { streamPrefixes: [s, t] },
        });
        for (const streamId of [u, s, `${t}-more`, s.replace('%', 'x'), `x${t}`, t])
          await store.append(streamId, 'noStream', [happened(1)]);
        await following.until('the last one', () => following.events.some((e) => e.streamId === t));
        await following.stop();
        expect(withoutBeacons(following.events).map((e) => e.streamId)).toEqual([
          s,
          `${t}-more`,
          t,
        ]);
      });

      it('says how far it is soon after the head moved, though nothing matches', async () => {
        const following = new Following(store, {
          after: await barrier(store),
          filter: { streamPrefixes: [stream()] },
        });
        const waitsMs: number[] = [];
        for (let round = 0; round < 5; round += 1) {
          const { position: at } = await store.append(stream(), 'noStream', [happened(round)]);
          const appendedAtMs = performance.now();
          await following.until(`progress to ${String(at)}`, () => progressed(following) >= at);
          waitsMs.push(performance.now() - appendedAtMs);
        }
        // A busy machine may hold up some of them.
        expect(Math.min(...waitsMs)).toBeLessThan(2 * PROGRESS_INTERVAL_MS);
        await following.stop();
        expect(withoutBeacons(following.events)).toEqual([]);
      });

      it('never says progress before the events that it covers, and never goes backwards', async () => {
        const other = await another();
        const prefix = stream();
        const following = new Following(store, {
          after: await barrier(store),
          filter: { streamPrefixes: [prefix] },
        });
        const wanted: string[] = [];
        const write = async (by: EventStore, writer: number) => {
          for (let i = 0; i < 50; i += 1) {
            const event = happened(i);
            const matches = (i + writer) % 3 === 0;
            await by.append(
              `${matches ? prefix : stream()}-${String(writer)}-${String(i)}`,
              'noStream',
              [event],
            );
            if (matches) wanted.push(event.id);
          }
        };
        await Promise.all([0, 1, 2, 3].map((w) => write(w % 2 ? store : other, w)));
        const end = await barrier(store);
        await following.until('the end', () => progressed(following) >= end);
        await following.stop();
        let at = 0n;
        for (const item of following.items) {
          const { position: here } = item.kind === 'event' ? item.event : item;
          if (item.kind === 'event') expect(here).toBeGreaterThan(at);
          else expect(here).toBeGreaterThanOrEqual(at);
          at = here;
        }
        expect(
          withoutBeacons(following.events)
            .map((e) => e.id)
            .toSorted(),
        ).toEqual(wanted.toSorted());
      });

      it('misses no event of many writers in several processes, whoever commits first', async () => {
        const stores = [store, await another(), await another()];
        const prefix = stream();
        const after = await barrier(store);
        const readers = stores.map(
          (one) => new Following(one, { after, filter: { streamPrefixes: [prefix] } }),
        );
        const write = async (by: EventStore, writer: number) => {
          for (let i = 0; i < 30; i += 1)
            await by.append(
              `${prefix}-${String(writer)}`,
              i === 0 ? 'noStream' : BigInt(i * 2) - 1n,
              [happened(i), happened(i)],
            );
        };
        await Promise.all(Array.from({ length: 12 }, (_, w) => write(stores[w % 3] ?? store, w)));
        const events = (await all(store.readAll({ from: after }))).filter((e) =>
          e.streamId.startsWith(prefix),
        );
        expect(events).toHaveLength(720);
        for (const reader of readers) {
          await reader.until('all', () => reader.events.length >= events.length);
          await reader.stop();
          expect(withoutBeacons(reader.events)).toEqual(events);
        }
      });

      it('ends without an error when its consumer leaves or its signal aborts', async () => {
        const s = stream();
        await store.append(s, 'noStream', [happened(1)]);
        for await (const item of store.subscribeAll({ filter: { streamPrefixes: [s] } }))
          if (item.kind === 'event') break;
        const idle = new Following(store, { after: await barrier(store) });
        await idle.stop();
        const ended = all(store.subscribeAll({ signal: AbortSignal.abort() }));
        expect(await within(ended, 'an aborted subscription')).toEqual([]);
      });

      it('refuses a position that is not of this log', async () => {
        const beyond = position((await barrier(store)) + 1_000_000_000n);
        const items = store.subscribeAll({ after: beyond })[Symbol.asyncIterator]();
        const error = await failure(within(items.next(), 'the refusal'));
        expect(error).toBeInstanceOf(PositionNotInLogError);
        expect(error).toMatchObject({ position: beyond });
      });

      const floodEvents = adapter.logInThisProcess ? FLOOD_EVENTS_IN_THIS_PROCESS : FLOOD_EVENTS;
      it(`holds little while it stays behind ${floodEvents.toLocaleString('en')} events, then gives them all`, async () => {
        const s = stream();
        const writer = await another();
        const after = await barrier(store);
        const padding = 'p'.repeat(200);
        const flood = async (from: number, to: number) => {
          for (let at = from; at < to; at += FLOOD_BATCH)
            await writer.append(
              s,
              at === 0 ? 'noStream' : BigInt(at) - 1n,
              Array.from({ length: FLOOD_BATCH }, (_, i) => ({
                ...happened(at + i),
                metadata: `{"p":"${padding}"}`,
              })),
              // Server, reader and writer may share one thread.
              { timeoutMs: CASE_MS },
            );
        };
        await flood(0, floodEvents / 2);
        const heapBefore = await heapBytes();
        const reading = store.subscribeAll({ after, filter: { streamPrefixes: [s] } });
        const items = reading[Symbol.asyncIterator]();
        // The consumer has the first event of many that are there, and stays with it while as many more arrive.
        for (;;) {
          const first = await within(items.next(), 'the first event');
          if (first.done === true || first.value.kind === 'event') break;
        }
        await flood(floodEvents / 2, floodEvents);
        if (!adapter.logInThisProcess)
          expect((await heapBytes()) - heapBefore).toBeLessThan(FLOOD_HEAP_BYTES_MAX);
        for (let expected = 1n; expected < BigInt(floodEvents);) {
          const next = await within(items.next(), `event ${String(expected)}`);
          if (next.done === true) throw new Error('the subscription ended');
          const item = next.value;
          if (item.kind !== 'event' || item.event.streamId !== s) continue;
          if (item.event.revision !== expected)
            throw new Error(
              `revision ${String(item.event.revision)} instead of ${String(expected)}`,
            );
          expected += 1n;
        }
        await items.return?.();
      });
    });

    describe('close', () => {
      it('ends running subscriptions and refuses calls', async () => {
        const closing = await another();
        const following = new Following(closing, { after: await barrier(closing) });
        await following.until('its start', () => following.items.length >= 0);
        await within(closing.close(), 'close');
        await following.stop();
        expect(await failure(closing.append(stream(), 'noStream', [happened(1)]))).toBeInstanceOf(
          EventStoreUnavailableError,
        );
        await expect(all(closing.readAll({ maxCount: 1 }))).rejects.toThrow();
        await closing.close();
      });
    });

    describe('identity of the log', () => {
      const clock = { now: () => new Date() };
      const ledgerOf = (on: EventStore) =>
        openLedger(on, { clock, acceptEarlierEvents: !adapter.freshLogs });

      it('refuses a checkpoint of another log, of an older backup, or of another history', async () => {
        const ledger = { logId: randomUUID() };
        const s = stream();
        const event = happened(1);
        const { position: at } = await store.append(s, 'noStream', [event]);
        await assertSameLog(store, ledger, { ...ledger, position: at, eventId: event.id });
        await assertSameLog(store, ledger, undefined);
        for (const [last, message] of [
          [{ logId: randomUUID(), position: at, eventId: event.id }, /made from log/],
          [
            { ...ledger, position: position(at + 1_000_000_000n), eventId: event.id },
            /has no event/,
          ],
          [{ ...ledger, position: at, eventId: randomUUID() }, /another way/],
        ] as const) {
          const error = await failure(assertSameLog(store, ledger, last));
          expect(error).toBeInstanceOf(LogMismatchError);
          expect(error.message).toMatch(message);
        }
      });

      if (adapter.freshLogs) {
        it('is one, though several processes open an empty log at once, and stays', async () => {
          const fresh = await adapter.openLog();
          try {
            const [a, b, c] = [await another(fresh), await another(fresh), await another(fresh)];
            expect(await a.head()).toBeUndefined();
            expect(await all(a.readAll())).toEqual([]);
            const waiting = new Following(a);
            const ledgers = await Promise.all([a, b, c].map(ledgerOf));
            const again = await ledgerOf(await another(fresh));
            expect(new Set([...ledgers, again].map((l) => l.logId)).size).toBe(1);
            const [first, ...more] = withoutBeacons(await all(a.readAll()));
            expect(more).toEqual([]);
            expect(first).toMatchObject({ streamId: LEDGER_STREAM, position: again.firstPosition });
            await waiting.untilEvent(first?.id ?? '');
            await waiting.stop();
            await Promise.all([a, b, c].map((one) => one.close()));
          } finally {
            await fresh.end();
          }
        });

        it('is refused to a log that begins with something else', async () => {
          expect(await failure(ledgerOf(store))).toBeInstanceOf(LogMismatchError);
          expect(await all(store.readStream(LEDGER_STREAM))).toEqual([]);
        });
      }
    });

    if (adapter.breakConnections) {
      const breakConnections = adapter.breakConnections.bind(adapter);
      it('goes on after broken connections: subscriptions without a gap, appends stored once', async () => {
        const s = stream();
        const prefix = { filter: { streamPrefixes: [s] } };
        const following = new Following(store, { after: await barrier(store), ...prefix });
        const total = 60;
        for (let i = 0; i < total; i += 1) {
          const appended = appendUntilKnown(
            store,
            s,
            i === 0 ? 'noStream' : BigInt(i) - 1n,
            [happened(i)],
            {
              deadline: new Date(Date.now() + CONTRACT_WAIT_MS),
            },
          );
          if (i % 20 === 10) await breakConnections(log);
          expect((await appended).revision).toBe(BigInt(i));
        }
        await following.until('all', () => withoutBeacons(following.events).length >= total);
        await following.stop();
        const revisions = Array.from({ length: total }, (_, i) => i);
        expect(withoutBeacons(following.events).map((e) => Number(e.revision))).toEqual(revisions);
        expect((await all(store.readStream(s))).map((e) => Number(e.revision))).toEqual(revisions);
      });
    }

    if (adapter.holdForeignWrite) {
      const holdForeignWrite = adapter.holdForeignWrite.bind(adapter);
      it("delivers while somebody else's write transaction stays open on the same server", async () => {
        const release = await holdForeignWrite(log);
        try {
          const s = stream();
          const following = new Following(store, {
            after: await barrier(store),
            filter: { streamPrefixes: [s] },
          });
          const event = happened(1);
          await within(store.append(s, 'noStream', [event]), 'the append');
          await following.untilEvent(event.id);
          await following.stop();
        } finally {
          await release();
        }
      });
    }
  });
}

let streams = 0;
const stream = () => `contract${randomUUID().slice(0, 8)}-${String((streams += 1))}`;

const happened = (n: number): NewEvent => ({
  id: randomUUID(),
  type: 'Happened',
  data: JSON.stringify({ n }),
  metadata: '{}',
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  if (!outcome) throw new Error('it should have been refused');
  return outcome;
}

const barrier = (store: EventStore): Promise<Position> => store.barrier();

const rising = (events: readonly StoredEvent[]) =>
  events.every((event, i) => i === 0 || event.position > (events[i - 1]?.position ?? 0n));

/** A store may ask for its own barrier by appending a beacon, which passes every filter. */
const withoutBeacons = (events: readonly StoredEvent[]) =>
  events.filter((event) => event.type !== 'LedgerBeacon');

const progressed = (following: Following): bigint =>
  following.items.reduce((at, item) => (item.kind === 'progress' ? item.position : at), 0n);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heapBytes(): Promise<number> {
  // Buffers are freed in the background of the collection before.
  for (let pass = 0; pass < 3; pass += 1) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
