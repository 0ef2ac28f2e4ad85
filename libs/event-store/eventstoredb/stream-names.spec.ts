import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore, NewEvent, StoredEvent } from '../index.js';
import { findLedger, InvalidEventError, openLedger } from '../index.js';
import { EventStoreDbDouble } from '../testing/double/index.js';
import { Following } from '../testing/index.js';
import { EventStoreDBEventStore } from './index.js';

const clock = { now: () => new Date() };

const happened = (n: number): NewEvent => ({
  id: randomUUID(),
  type: 'Happened',
  data: JSON.stringify({ n }),
  metadata: '{}',
});

async function all(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const taken: StoredEvent[] = [];
  for await (const event of events) if (event.type !== 'LedgerBeacon') taken.push(event);
  return taken;
}

describe('ledgers beside each other on one EventStoreDB', () => {
  let double: EventStoreDbDouble;
  const stores: EventStore[] = [];
  const open = (ledger?: string) => {
    const store = new EventStoreDBEventStore({
      connectionString: double.connectionString,
      ...(ledger === undefined ? {} : { ledger }),
    });
    stores.push(store);
    return store;
  };
  beforeEach(async () => {
    double = await EventStoreDbDouble.start();
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await double.stop();
  });

  it('have an identity each, and see streams, log and subscription of their own only', async () => {
    const [unnamed, one, two] = [open(), open('one'), open('two')];
    const ids = new Set<string>();
    for (const store of [unnamed, one, two])
      ids.add((await openLedger(store, { clock, acceptEarlierEvents: true })).logId);
    expect(ids.size).toBe(3);
    const followers = [unnamed, one, two].map((store) => new Following(store));
    const events = [happened(0), happened(1), happened(2)];
    for (const [at, store] of [unnamed, one, two].entries())
      await store.append('partner-1-1', 'noStream', events.slice(at, at + 1));
    for (const [at, store] of [unnamed, one, two].entries()) {
      const mine = events[at]?.id ?? '';
      expect((await all(store.readStream('partner-1-1'))).map(({ id }) => id)).toEqual([mine]);
      const log = await all(store.readAll());
      expect(log.map(({ streamId }) => streamId)).toEqual(['ledger', 'partner-1-1']);
      expect(log[1]?.id).toBe(mine);
      const follower = followers[at];
      await follower?.untilEvent(mine);
      await follower?.stop();
      expect(follower?.events.map(({ streamId }) => streamId)).toEqual(['ledger', 'partner-1-1']);
    }
  });

  it('keep their subscribers going while others write: progress comes to the head', async () => {
    const [unnamed, named] = [open(), open('one')];
    await openLedger(unnamed, { clock });
    const filtered = new Following(named, { filter: { streamPrefixes: ['partner-'] } });
    const whole = new Following(unnamed);
    for (let n = 0; n < 20; n += 1)
      await named.append(`key-${String(n)}`, 'noStream', [happened(n)]);
    const head = await unnamed.head();
    expect(head).toBe(await named.head());
    for (const follower of [filtered, whole]) {
      await follower.until('the head', () =>
        follower.items.some((item) => item.kind === 'progress' && item.position === head),
      );
      await follower.stop();
    }
    expect(filtered.events).toEqual([]);
    expect(whole.events.map(({ streamId }) => streamId)).toEqual(['ledger']);
  });

  it('have a barrier each, that neither sees of the other', async () => {
    const [unnamed, named] = [open(), open('one')];
    const position = await named.barrier();
    expect(await unnamed.barrier()).toBeGreaterThan(position);
    for await (const event of unnamed.readAll())
      expect([event.streamId, event.position]).not.toContain(position);
  });

  it('are not written to by one another, and their names are checked', async () => {
    const refused = open().append('@one/partner-1-1', 'noStream', [happened(1)]);
    await expect(refused).rejects.toBeInstanceOf(InvalidEventError);
    expect(await findLedger(open('one'))).toBeUndefined();
    for (const name of ['', 'One', 'a/b', 'a'.repeat(33)])
      expect(() => open(name)).toThrow('not a ledger');
  });
});
