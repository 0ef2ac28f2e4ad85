import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '#event-store';
import { findLedger, openLedger } from '#event-store';
import { EventStoreDBEventStore } from '#event-store/eventstoredb';
import { DoubleLog, EventStoreDbDouble } from '#event-store/testing/double';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import type { Reply } from '#test/served';
import { Served } from '#test/served';
import { partner, refusal, unavailable } from './outage-answers.js';

/** On an EventStoreDB: over the real client, against a server that fails as it is told. */
describe('without its event store, the product', () => {
  let database: TestDatabase;
  let double: EventStoreDbDouble;
  let served: Served;
  beforeEach(async () => {
    [database, double, served] = await Promise.all([
      testDatabase(),
      EventStoreDbDouble.start(),
      Served.prepare(),
    ]);
  });
  afterEach(async () => {
    await served.discard();
    await double.stop();
    await database.drop();
  });

  const environment = (on = double) => ({
    DATABASE_URL: database.url,
    KEYLEDGER_EVENTSTORE: on.connectionString,
  });
  const eventsOf = async (stream: string): Promise<number> => {
    const store = new EventStoreDBEventStore({ connectionString: double.connectionString });
    try {
      let count = 0;
      for await (const event of store.readStream(stream))
        count += event.streamId === stream ? 1 : 0;
      return count;
    } finally {
      await store.close();
    }
  };

  it('waits at its start, lives, says 503 with Retry-After, and serves as soon as it is there', async () => {
    const { connectionString } = double;
    await double.goDown();
    served.start({ ...environment(), KEYLEDGER_EVENTSTORE: connectionString });
    await served.until('the door', async () => (await served.call('/health/live')).status === 200);
    expect((await served.call('/health/ready')).status).toBe(503);
    const admin = await served.issuer.token({ subject: 'admin', networkId: 1 });
    expect(refusal(await served.call('/v1/partners', partner(1, admin)))).toEqual(
      unavailable('request/starting'),
    );
    await double.comeUp();
    await served.ready();
    const as = await served.network();
    expect((await served.call('/v1/partners', partner(1, as))).status).toBe(201);
    const words = /the log +eventstoredb esdb:\/\/127\.0\.0\.1:\d+ without TLS\n/;
    await served.until('where the log is', () => Promise.resolve(words.test(served.output)));
  });

  it('stores nothing, lives, is not ready, says 503 with Retry-After, and goes on by itself when it is back', async () => {
    served.start(environment());
    await served.ready();
    const as = await served.network();
    await served.must('/v1/partners', partner(1, as));

    await double.goDown();
    const write = await served.call('/v1/partners', partner(2, as));
    expect(refusal(write)).toEqual({
      ...unavailable(''),
      code: expect.stringMatching(
        /^(event-store\/unavailable|request\/outcome-unknown)$/,
      ) as unknown,
    });
    // What promises to be no older than the request has to ask the log.
    expect(refusal(await served.call('/v1/audit', { as }))).toMatchObject({
      status: 503,
      type: 'application/problem+json',
      retryAfter: true,
    });
    expect((await served.call('/health/live')).status).toBe(200);
    expect((await served.call('/health/ready')).status).toBe(503);
    const told = served.output.split('\n').filter((one) => one.includes('"request failed"'));
    // Which part is away and how stands in the log, beside the code that the caller got.
    const words = /"reason":"(event-store\/unavailable|request\/outcome-unknown): \w+/;
    expect(told.filter((one) => words.test(one))).not.toEqual([]);
    expect(told.join('')).not.toContain('stack');

    await double.comeUp();
    await served.ready();
    expect((await served.must('/v1/partners', partner(2, as))).body).toMatchObject({
      partnerId: 2,
    });
    expect(await eventsOf('partner-1-2')).toBe(1);
  });

  it('carries out once what it could not say had been stored: the retry gets the first answer', async () => {
    served.start(environment());
    await served.ready();
    const as = await served.network();

    double.faults.onAppend('storedThenUnavailable');
    expect((await served.must('/v1/partners', partner(1, as))).status).toBe(201);
    expect(await eventsOf('partner-1-1')).toBe(1);

    double.faults.onAppend('storedThenSilence');
    const asked = served.call('/v1/partners', partner(2, as));
    await served.until('the append', async () => (await eventsOf('partner-1-2')) === 1);
    await double.goDown();
    expect(refusal(await asked)).toEqual(unavailable('request/outcome-unknown'));

    await double.comeUp();
    await served.ready();
    const again = await served.must('/v1/partners', partner(2, as));
    expect([again.status, again.body['partnerId']]).toEqual([201, 2]);
    expect(await eventsOf('partner-1-2')).toBe(1);
    const other = await served.call('/v1/partners', {
      ...partner(2, as),
      body: { partnerId: 2, name: 'Another', status: 'active' },
    });
    expect(other).toMatchObject({ status: 422 });
  });

  const logIdOf = async ({ connectionString }: EventStoreDbDouble): Promise<string | undefined> => {
    const store = new EventStoreDBEventStore({ connectionString });
    try {
      return (await findLedger(store))?.logId;
    } finally {
      await store.close();
    }
  };
  /** Another ledger, at another port or in another's place. */
  const anotherLedger = async (port?: number) => {
    const log = new DoubleLog();
    const before = await EventStoreDbDouble.start({ log });
    const store = new EventStoreDBEventStore({ connectionString: before.connectionString });
    const { logId } = await openLedger(store, { clock: { now: () => new Date() } });
    await store.close();
    await before.stop();
    const double = await EventStoreDbDouble.start({ log, ...(port === undefined ? {} : { port }) });
    return { double, logId };
  };

  it('never starts on another log than the one it was filled from: it names both, and writes nothing', async () => {
    served.start(environment());
    await served.ready();
    const as = await served.network();
    await served.must('/v1/partners', partner(1, as));
    await served.stop();
    const own = await logIdOf(double);
    const other = await anotherLedger();
    const empty = await EventStoreDbDouble.start();
    try {
      for (const [on, words] of [
        [other.double, `holds log ${other.logId}`],
        [empty, 'holds no ledger'],
      ] as const) {
        served.output = '';
        served.start(environment(on));
        expect(await served.ended()).toBe(1);
        const line = served.output.split('\n').find((one) => one.startsWith('keyledger: '));
        expect(line).toContain(`the database was filled from log ${own ?? '?'}`);
        expect(line).toContain(words);
        expect(line).toMatch(/KEYLEDGER_EVENTSTORE.*DATABASE_URL/);
      }
      expect(await logIdOf(empty)).toBeUndefined();
      served.start(environment());
      await served.ready();
      expect((await served.must('/v1/partners/1', { as })).body).toMatchObject({ partnerId: 1 });
    } finally {
      await other.double.stop();
      await empty.stop();
    }
  });

  it('never starts on its log as an older backup has it', async () => {
    const log = new DoubleLog();
    const backup = await EventStoreDbDouble.start({ log });
    const store = new EventStoreDBEventStore({ connectionString: backup.connectionString });
    const ledger: StoredEvent[] = [];
    try {
      served.start(environment());
      await served.ready();
      for await (const event of copyOf(double)) ledger.push(event);
      await served.network();
      await served.stop();
      const [opened] = ledger;
      if (opened) await store.append(opened.streamId, 'noStream', [opened]);
      served.output = '';
      served.start(environment(backup));
      expect(await served.ended()).toBe(1);
      expect(served.output).toMatch(
        /has no event: log [0-9a-f-]+ was restored from an older backup/,
      );
    } finally {
      await store.close();
      await backup.stop();
    }
  });

  it('acknowledges no write while an empty event store stands in the place of its own, and serves nothing', async () => {
    served.start(environment());
    await served.ready();
    const as = await served.network();
    await served.must('/v1/partners', partner(1, as));
    const { port } = double;
    await double.goDown();
    const empty = await EventStoreDbDouble.start({ port });
    const answers: Reply[] = [];
    const writing = async (partnerId: number) => {
      answers.push(await served.call('/v1/partners', partner(partnerId, as)));
    };
    try {
      const writes = Promise.all([2, 3, 4].map(writing));
      let doubt: Reply | undefined;
      await served.until('a read that is refused', async () => {
        doubt = await served.call('/v1/partners/1', { as });
        return doubt.status === 503;
      });
      expect(doubt && refusal(doubt)).toEqual(unavailable('event-store/unavailable'));
      expect((await served.call('/health/ready')).text).toContain('holds no ledger');
      await writing(5);
      await served.until('the word of another log', async () => {
        const { body } = await served.call('/v1/partners/1', { as });
        return body['code'] === 'event-store/another-log';
      });
      await writing(6);
      await writes;
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
      expect(empty.counts.append).toBe(0);
    } finally {
      await empty.stop();
    }
    await double.comeUp();
    await served.until(
      'its own log',
      async () => (await served.call('/v1/partners/1', { as })).status === 200,
    );
    for (const partnerId of [2, 3, 4, 5, 6])
      expect((await served.must('/v1/partners', partner(partnerId, as))).status).toBe(201);
  });

  it('is not ready as a projector of its own while another log stands in the place of its own', async () => {
    served.start(environment());
    await served.ready();
    await served.network();
    const projector = await Served.prepare();
    const { port } = double;
    const own = await logIdOf(double);
    try {
      projector.start(environment(), 'projector');
      await projector.ready();
      await double.goDown();
      const other = await anotherLedger(port);
      try {
        await projector.until('the word of another log', async () => {
          const { status, text } = await projector.call('/health/ready');
          return status === 503 && text.includes(other.logId) && text.includes(own ?? '?');
        });
        expect((await projector.call('/health/live')).status).toBe(200);
      } finally {
        await other.double.stop();
      }
      await double.comeUp();
      await projector.ready();
    } finally {
      await projector.discard();
    }
  });

  it('stops serving when the log becomes another one under it, and goes on when its own is back', async () => {
    served.start(environment());
    await served.ready();
    const as = await served.network();
    await served.must('/v1/partners', partner(1, as));
    const { port } = double;
    const own = await logIdOf(double);
    await double.goDown();
    const other = await anotherLedger(port);
    const operator = await served.issuer.token({ subject: 'operator', operator: true });
    try {
      await served.until('the word of another log', async () => {
        const { status, text } = await served.call('/health/ready');
        return status === 503 && text.includes(other.logId) && text.includes(own ?? '?');
      });
      expect((await served.call('/health/live')).status).toBe(200);
      for (const sent of [
        () => served.call('/v1/partners/1', { as }),
        () => served.call('/v1/networks', { as: operator }),
        () => served.call('/v1/partners', partner(2, as)),
      ])
        expect(refusal(await sent())).toEqual(unavailable('event-store/another-log'));
      const graphql = await served.call('/graphql', { as, body: { query: '{ __typename }' } });
      expect([graphql.status, graphql.text]).toEqual([
        503,
        expect.stringContaining('event-store/another-log'),
      ]);
    } finally {
      await other.double.stop();
    }
    await double.comeUp();
    await served.until(
      'its own log',
      async () => (await served.call('/v1/partners/1', { as })).status === 200,
    );
    expect((await served.must('/v1/partners', partner(2, as))).status).toBe(201);
  });
});

async function* copyOf({ connectionString }: EventStoreDbDouble): AsyncGenerator<StoredEvent> {
  const store = new EventStoreDBEventStore({ connectionString });
  try {
    yield* store.readAll();
  } finally {
    await store.close();
  }
}
