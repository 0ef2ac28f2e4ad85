import { randomBytes, randomUUID } from 'node:crypto';
import { access, copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessOptions } from '#access';
import type { Config } from '#platform/config';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import { startApi } from '../../../apps/api/start-api.js';

interface Reply {
  readonly status: number;
  readonly body: Record<string, string>;
}
type Ask = (
  url: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Reply>;

describe('an API beside another one on the same ledger', () => {
  let product: TestApplication;
  let sam: string;
  let nextPartner = 100;
  const apps: NestFastifyApplication[] = [];

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await product.close();
  });

  const asking =
    (app: NestFastifyApplication): Ask =>
    async (url, body, headers = {}) => {
      const response = await app.inject({
        method: body === undefined ? 'GET' : 'POST',
        url: `/v1${url}`,
        headers: { authorization: `Bearer ${sam}`, ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      return { status: response.statusCode, body: response.json<Record<string, string>>() };
    };
  /** Another process of the product, with other keys of its own. */
  async function beside(change: Partial<Config>): Promise<Ask> {
    const { foundations } = product;
    const app = await startApi({
      foundations: { ...foundations, config: { ...foundations.config, ...change } },
      access: product.app.get(AccessOptions),
      publicUrl: 'https://keys.example.com',
      recordedBy: 'beside',
      logSink: { write: () => undefined },
      readPatience: product.patience,
    });
    apps.push(app);
    return asking(app);
  }
  const partner = async () => {
    const partnerId = (nextPartner += 1);
    await product.eligiblePartner(sam, partnerId);
    return { portal: 'affiliate', holder: { type: 'partner', id: partnerId }, label: 'Reporting' };
  };
  const SHARE = {
    recipient: { type: 'contact', reference: 'crm-1' },
    channel: 'email',
    reason: 'First',
    bound: 'passphrase',
  };

  it.each([
    ['missing', () => ({ wrappingKeyFile: path.join(keyFile(), '..', 'nowhere', 'keys.json') })],
    ['another one', () => ({ wrappingKey: randomBytes(32).toString('base64') })],
  ])(
    'whose wrapping key is %s shows, shares and issues nothing, and serves all else',
    async (_, change) => {
      const before = asking(product.app);
      const { keyId = '', key } = (await before('/api-keys', await partner())).body;
      const { token, passphrase } = (await before(`/api-keys/${keyId}/shares`, SHARE)).body;
      const ask = await beside(change());
      for (const [url, body] of [
        ['/api-keys', await partner()],
        [`/api-keys/${keyId}/reissue`, { reason: 'leaked' }],
        [`/api-keys/${keyId}/shares`, SHARE],
        [`/api-keys/${keyId}/reveal`, { purpose: 'support' }],
        ['/shares/open', { token, passphrase }],
      ] as const) {
        const { status, body: problem } = await ask(url, body);
        expect([url, status, problem['code']]).toEqual([url, 503, 'keys/wrapping-key-missing']);
      }
      for (const [url, body] of [
        [`/api-keys/${keyId}/relabel`, { label: 'Renamed' }],
        [`/api-keys/${keyId}/suspend`, { reason: 'A look at its traffic' }],
        [`/api-keys/${keyId}/reinstate`, { reason: 'Explained' }],
        ['/partners', { partnerId: (nextPartner += 1), name: 'Birch', status: 'active' }],
        ['/api-keys', undefined],
        ['/partners', undefined],
        ['/audit', undefined],
      ] as const) {
        const { status } = await ask(url, body);
        expect([url, status < 300]).toEqual([url, true]);
      }
      await expect(access(path.join(keyFile(), '..', 'nowhere'))).rejects.toThrow('ENOENT');
      const revealed = await before(`/api-keys/${keyId}/reveal`, { purpose: 'support' });
      expect(revealed.body['key']).toBe(key);
      expect((await ask(`/api-keys/${keyId}/revoke`, { reason: 'unused' })).status).toBeLessThan(
        300,
      );
    },
  );

  it('whose pepper was rotated finds what was hashed before it', async () => {
    const before = asking(product.app);
    const idempotent = { 'idempotency-key': randomUUID() };
    const order = await partner();
    const { keyId = '' } = (await before('/api-keys', order, idempotent)).body;
    const { token, passphrase } = (await before(`/api-keys/${keyId}/shares`, SHARE)).body;
    const { credential = '' } = (
      await before('/networks/1/webhook-credentials', { label: 'Vendor' })
    ).body;

    const rotated = path.join(keyFile(), '..', 'rotated.json');
    await copyFile(keyFile(), rotated);
    const keys = JSON.parse(await readFile(rotated, 'utf8')) as { peppers: string[] };
    const peppers = [randomBytes(32).toString('base64'), ...keys.peppers];
    await writeFile(rotated, JSON.stringify({ ...keys, peppers }));
    const ask = await beside({ wrappingKeyFile: rotated });

    expect((await ask('/api-keys', { ...order, label: 'Other' }, idempotent)).body['code']).toBe(
      'request/idempotency-key-reused',
    );
    expect((await ask('/api-keys', order, idempotent)).body['keyId']).toBe(keyId);
    const opened = await ask('/shares/open', { token, passphrase });
    expect([opened.status, opened.body['keyId']]).toEqual([200, keyId]);
    const webhook = await ask(
      '/webhooks/partners/created',
      {
        network_affiliate_id: 9_000,
        name: 'Cedar',
        account_status: 'pending',
        time_created: 1_760_000_000,
      },
      { 'x-keyledger-webhook-credential': credential },
    );
    expect(webhook.status).toBeLessThan(300);
    expect((await ask('/api-keys', await partner())).status).toBe(201);
  });

  const keyFile = () => product.foundations.config.wrappingKeyFile;
});
