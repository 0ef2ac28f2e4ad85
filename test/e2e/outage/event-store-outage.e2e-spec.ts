import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBEventStore } from '#event-store/eventstoredb';
import { EventStoreDbDouble } from '#event-store/testing/double';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import type { Reply } from './served.js';
import { Served } from './served.js';

const refusal = ({ status, headers, body }: Reply) => ({
  status,
  type: headers.get('content-type')?.split(';')[0],
  retryAfter: Number(headers.get('retry-after')) > 0,
  code: body['code'],
});
const unavailable = (code: string) => ({
  status: 503,
  type: 'application/problem+json',
  retryAfter: true,
  code,
});

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
  }, 60_000);

  const environment = (on = double) => ({
    DATABASE_URL: database.url,
    KEYLEDGER_EVENTSTORE: on.connectionString,
  });
  const partner = (partnerId: number, as: string) => ({
    as,
    body: { partnerId, name: 'Alder', status: 'active' },
    headers: { 'idempotency-key': `partner-${String(partnerId)}` },
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
  }, 120_000);

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

    await double.comeUp();
    await served.ready();
    expect((await served.must('/v1/partners', partner(2, as))).body).toMatchObject({
      partnerId: 2,
    });
    expect(await eventsOf('partner-1-2')).toBe(1);
  }, 120_000);

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
  }, 150_000);

  it('never follows another log than the one it was filled from: not ready, and says so', async () => {
    served.start(environment());
    await served.ready();
    const as = await served.network();
    await served.must('/v1/partners', partner(1, as));
    await served.stop();
    const another = await EventStoreDbDouble.start();
    try {
      served.start(environment(another));
      await served.until('the word of another log', async () => {
        const { status, text } = await served.call('/health/ready');
        return status === 503 && /another log|checkpoint was made from log/.test(text);
      });
      expect((await served.call('/health/live')).status).toBe(200);
      // What stands in the other log comes into no read model.
      const operator = await served.issuer.token({ subject: 'operator', operator: true });
      const body = { networkId: 2, name: 'Of another log', region: 'us' };
      await served.call('/v1/networks', { as: operator, body });
      const { text } = await served.call('/v1/networks', { as: operator });
      expect(text).not.toContain('Of another log');
    } finally {
      await served.stop();
      await another.stop();
    }
  }, 120_000);
});
