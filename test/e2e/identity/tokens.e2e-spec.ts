import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import type { TestIssuer } from '#test/issuer';
import { startTestIssuer } from '#test/issuer';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an access token', () => {
  let product: TestApplication;
  let stranger: TestIssuer;
  let sam: string;
  beforeAll(async () => {
    [product, stranger] = await Promise.all([testApplication(), startTestIssuer()]);
    sam = await product.network(1);
  });
  afterAll(async () => {
    await stranger.close();
    await product.close();
  });

  const claims = () =>
    JSON.parse(Buffer.from(sam.split('.')[1] ?? '', 'base64url').toString()) as object;
  const forged = {
    'without a signature': () => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims())}.`,
    'with its signature cut off': () => `${sam.split('.').slice(0, 2).join('.')}.`,
    'signed with a key that it brings along': () =>
      `${part({ alg: 'HS256', typ: 'at+jwt', jwk: { kty: 'oct', k: 'AAAA' } })}.${part(claims())}.AAAA`,
    'that names another network than was signed': () => {
      const [head = '', , signature = ''] = sam.split('.');
      return `${head}.${part({ ...claims(), network_id: 2 })}.${signature}`;
    },
    'that says it is an operator': () => {
      const [head = '', , signature = ''] = sam.split('.');
      return `${head}.${part({ ...claims(), keyledger_operator: true })}.${signature}`;
    },
    'of an issuer that nobody configured': () =>
      stranger.token({ subject: 'super-1', networkId: 1 }),
    'that has expired': () =>
      product.issuer.token({ subject: 'super-1', networkId: 1, expiresInSeconds: -600 }),
    'for another audience': () =>
      product.issuer.token({ subject: 'super-1', networkId: 1, audience: 'somebody-else' }),
    'that is an ID token': () =>
      product.issuer.token({ subject: 'super-1', networkId: 1, typ: 'JWT' }),
    'of 15,000 characters': () => 'x'.repeat(15_000),
  };

  it.each(Object.entries(forged))('%s is refused, and not repeated', async (_, forge) => {
    const as = await forge();
    const answered = await product.call('/v1/partners', { as });
    expect([answered.status, answered.body['code']]).toEqual([401, 'access/unauthenticated']);
    expect(answered.text).not.toContain(as);
    expect(product.logged.join('')).not.toContain(as);
  });

  it('of one network is nobody in another, though its subject is somebody there', async () => {
    await product.network(2);
    const as = await product.token('super-1', 2);
    expect(await product.call('/v1/partners', { as })).toMatchObject({
      status: 403,
      body: { code: 'access/not-linked' },
    });
  });

  it('of an operator shows no secret and no partner', async () => {
    const as = await product.operator();
    await product.eligiblePartner(sam, 1);
    const { body } = await product.call('/v1/api-keys', {
      as: sam,
      body: { portal: 'affiliate', holder: { type: 'partner', id: 1 }, label: 'Reporting' },
    });
    const reveal = await product.call(`/v1/api-keys/${String(body['keyId'])}/reveal`, {
      as,
      body: { purpose: 'support' },
    });
    expect([403, 404]).toContain(reveal.status);
    expect(reveal.text).not.toContain(String(body['key']));
  });

  it('is not taken from the address, a cookie or the body', async () => {
    for (const call of [
      { url: `/v1/partners?access_token=${sam}` },
      { url: '/v1/partners', headers: { cookie: `access_token=${sam}` } },
      { url: '/v1/partners', headers: { authorization: `Basic ${sam}` } },
    ])
      expect((await product.call(call.url, call)).status).toBe(401);
  });
});
