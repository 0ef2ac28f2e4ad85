import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { Served } from '#test/served';
import { DatabaseGate } from './database-gate.js';
import { partner, refusal, unavailable } from './outage-answers.js';

/** Of a client that waits: longer is as good as no answer. */
const ANSWER_MS_MAX = 35_000;

describe('without its database, the product', () => {
  let database: TestDatabase;
  let gate: DatabaseGate;
  let served: Served;
  beforeEach(async () => {
    database = await testDatabase();
    gate = new DatabaseGate(database.url);
    await gate.open(gate.port);
    served = await Served.prepare();
  });
  afterEach(async () => {
    await gate.close().then(() => gate.open(gate.port));
    await served.discard();
    await gate.close();
    await database.drop();
  });

  it('waits at its start, lives, says 503 with Retry-After, and serves as soon as the database is there', async () => {
    const { gatedUrl } = gate;
    await gate.close();
    served.start({ DATABASE_URL: gatedUrl });
    await served.until('the door', async () => (await served.call('/health/live')).status === 200);
    expect((await served.call('/health/ready')).status).toBe(503);
    const admin = await served.issuer.token({ subject: 'admin', networkId: 1 });
    expect(refusal(await served.call('/v1/partners', { as: admin }))).toEqual(
      unavailable('request/starting'),
    );
    const early = await served.call('/v1/partners', partner(1, admin));
    expect(refusal(early)).toEqual(unavailable('request/starting'));
    expect(early.headers.get('x-ledger-position')).toBeNull();
    await gate.open(gate.port);
    await served.ready();
    const as = await served.network();
    expect((await served.call('/v1/partners', partner(1, as))).status).toBe(201);
  });

  it('lives, is not ready, says 503 with Retry-After, and goes on by itself when it is back', async () => {
    served.start({ DATABASE_URL: gate.gatedUrl });
    await served.ready();
    const as = await served.network();
    await served.must('/v1/partners', partner(1, as));

    await gate.close();
    for (const to of ['/v1/partners', '/v1/api-keys', '/v1/audit', '/v1/me', '/v1/shares'])
      expect([to, refusal(await served.call(to, { as }))]).toEqual([
        to,
        { ...unavailable(''), code: expect.stringMatching(/unavailable$/) as unknown },
      ]);
    const write = await served.call('/v1/partners', partner(2, as));
    expect(refusal(write)).toMatchObject({ status: 503, retryAfter: true });
    expect(write.headers.get('x-ledger-position')).toMatch(/^\d+$/);
    const query = { query: '{ partners { edges { node { name } } } }' };
    expect((await served.call('/graphql', { as, body: query })).status).toBe(503);
    expect((await served.call('/health/live')).status).toBe(200);
    expect((await served.call('/health/ready')).status).toBe(503);
    expect((await served.call('/v1/partners')).status).toBe(401);

    await gate.open(gate.port);
    await served.ready();
    const { body, headers } = await served.must('/v1/partners', partner(2, as));
    expect(body).toMatchObject({ partnerId: 2 });
    const position = String(headers.get('x-ledger-position'));
    const list = await served.must(`/v1/partners?atLeast=${position}`, { as });
    expect(list.body['items']).toHaveLength(2);
  });

  it('answers in bounded time while the database hangs, and goes on when it wakes', async () => {
    served.start({ DATABASE_URL: gate.gatedUrl });
    await served.ready();
    const as = await served.network();
    gate.freeze();
    const began = Date.now();
    const [read, write, live, ready] = await Promise.all([
      served.call('/v1/partners', { as }),
      served.call('/v1/partners', partner(3, as)),
      served.call('/health/live'),
      served.call('/health/ready'),
    ]);
    expect(Date.now() - began).toBeLessThan(ANSWER_MS_MAX);
    expect(refusal(read)).toMatchObject({ status: 503, retryAfter: true });
    expect(refusal(write)).toMatchObject({ status: 503, retryAfter: true });
    expect([live.status, ready.status]).toEqual([200, 503]);
    gate.thaw();
    await served.ready();
    expect((await served.must('/v1/partners', partner(3, as))).status).toBe(201);
    await served.until('the trail', async () => {
      const { body } = await served.must('/v1/audit?type=PartnerRegistered', { as });
      return (body['items'] as unknown[]).length === 1;
    });
  });
});
