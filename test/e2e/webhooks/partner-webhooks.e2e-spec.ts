import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestApplication } from '../../support/application.js';
import { testApplication } from '../../support/application.js';

interface DeadLetters {
  readonly items: readonly {
    readonly reason: string;
    readonly kind: string;
    readonly bytes: number;
    readonly count: number;
    readonly shape: object;
  }[];
}

const NETWORK = 101;
const UPDATED = '/v1/webhooks/partners/updated';
const STRANGERS_BURST = 5;
const ANSWER_TIMEOUT_MS = 30_000;

describe('webhooks of partners at the edge', () => {
  let product: TestApplication;
  let boss: string;
  let credential: string;

  const send = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    product.call(UPDATED, {
      body,
      headers: { 'x-keyledger-webhook-credential': credential, ...headers },
    });
  const letters = async () =>
    (await product.call<DeadLetters>('/v1/webhooks/dead-letters', { as: boss })).body.items;

  const listening = async (): Promise<AddressInfo> => {
    const server = product.app.getHttpServer();
    if (!server.listening) await product.app.listen(0, '127.0.0.1');
    return server.address() as AddressInfo;
  };

  beforeAll(async () => {
    product = await testApplication({
      budgets: {
        addressRequests: { perSecond: 0.001, burst: 3 * STRANGERS_BURST },
        addressMutations: { perSecond: 0.001, burst: STRANGERS_BURST },
      },
    });
    boss = await product.network(NETWORK);
    const { body } = await product.call(`/v1/networks/${String(NETWORK)}/webhook-credentials`, {
      as: boss,
      body: { label: 'vendor' },
    });
    credential = String(body['credential']);
  });
  afterAll(() => product.close());

  it('leave a dead letter when they are no JSON, whatever they call themselves, without their words', async () => {
    const garbage = '{"name": "Grace Hopper", ';
    for (const contentType of ['application/json', 'text/plain', 'not a type'])
      expect(await send(garbage, { 'content-type': contentType })).toMatchObject({
        status: 400,
        body: {
          code: 'partners/malformed-record',
          errors: [{ pointer: '', problem: 'must be JSON' }],
        },
      });
    expect((await send('')).status).toBe(400);
    const kept = await letters();
    expect(
      kept.map(({ kind, reason, bytes, count, shape }) => ({ kind, reason, bytes, count, shape })),
    ).toEqual([
      { kind: 'updated', reason: 'must be JSON', bytes: 0, count: 1, shape: {} },
      { kind: 'updated', reason: 'must be JSON', bytes: garbage.length, count: 3, shape: {} },
    ]);
    expect(JSON.stringify(kept)).not.toContain('Grace');
    expect(product.logged.join()).not.toContain('Grace');
  });

  it('leave one when they are in another encoding than JSON’s', async () => {
    const before = (await letters()).length;
    const { port } = await listening();
    const answer = await fetch(`http://127.0.0.1:${String(port)}${UPDATED}`, {
      method: 'POST',
      headers: {
        'x-keyledger-webhook-credential': credential,
        'content-type': 'application/json; charset=latin1',
      },
      body: Buffer.from(
        '{"network_affiliate_id":7,"name":"Caf\u00e9","account_status":"active","time_saved":1700000000}',
        'latin1',
      ),
    });
    expect(answer.status).toBe(400);
    expect(await letters()).toHaveLength(before + 1);
  });

  it('leave one when they would poison a prototype, as what they are: no partner', async () => {
    const before = (await letters()).length;
    const poisoned = '{"__proto__": {"polluted": true}, "constructor": {"prototype": {}}}';
    expect((await send(poisoned)).body['code']).toBe('partners/malformed-record');
    expect(await letters()).toHaveLength(before + 1);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('are refused when they are too large, before the rest is read', async () => {
    const { status, body } = await send(`"${'x'.repeat(262_144)}"`);
    expect({ status, code: body['code'] }).toEqual({
      status: 413,
      code: 'partners/webhook-too-large',
    });
  });

  it('are refused when they are too large, and the next one on the connection is taken', async () => {
    const { port } = await listening();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = (content: string) =>
      new Promise<{ readonly status: number | undefined; readonly reused: boolean }>(
        (resolve, reject) => {
          const sent = request(
            {
              port,
              agent,
              method: 'POST',
              path: UPDATED,
              timeout: ANSWER_TIMEOUT_MS,
              headers: {
                'x-keyledger-webhook-credential': credential,
                'content-length': Buffer.byteLength(content),
              },
            },
            (answer) => {
              answer.resume().once('end', () => {
                resolve({ status: answer.statusCode, reused: sent.reusedSocket });
              });
            },
          );
          sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
          sent.once('error', reject);
          sent.end(content);
        },
      );
    try {
      expect(await post(`"${'x'.repeat(3_000_000)}"`)).toEqual({ status: 413, reused: false });
      expect(await post('{')).toEqual({ status: 400, reused: true });
    } finally {
      agent.destroy();
    }
  });

  it('leave a dead letter when they are nested deeper than anybody looks', async () => {
    const before = (await letters()).length;
    const { status, body } = await send('['.repeat(50_000) + ']'.repeat(50_000));
    expect({ status, code: body['code'] }).toEqual({
      status: 400,
      code: 'partners/malformed-record',
    });
    expect(await letters()).toHaveLength(before + 1);
  });

  it('go on with a valid credential when strangers have used up what their address may', async () => {
    const strangers: number[] = [];
    const kept = (await letters()).length;
    for (let n = 0; n <= STRANGERS_BURST; n += 1)
      strangers.push(
        (
          await product.call(UPDATED, {
            body: '?',
            headers: { 'x-keyledger-webhook-credential': `${credential}x` },
          })
        ).status,
      );
    expect(strangers).toContain(401);
    expect(strangers.at(-1)).toBe(429);
    expect(await letters()).toHaveLength(kept);
    for (let n = 0; n <= STRANGERS_BURST; n += 1) {
      const record = JSON.stringify({
        network_affiliate_id: 3000 + n,
        network_id: NETWORK,
        name: 'Partner',
        account_status: 'active',
        network_employee_id: 1,
        time_created: 1_760_000_000,
        time_saved: 1_760_000_000,
      });
      expect(await send(record)).toMatchObject({ status: 200, body: { outcome: 'registered' } });
    }
  });
});
