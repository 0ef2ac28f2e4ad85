import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

let product: TestApplication;
let sam: string;
beforeAll(async () => {
  product = await testApplication();
  sam = await product.network(1);
  await product.eligiblePartner(sam, 7);
}, 60_000);
afterAll(() => product.close());

const ISSUED = { portal: 'affiliate', holder: { type: 'partner', id: 7 }, label: 'Reporting' };
const graphql = async (query: string) => {
  const { body } = await product.call<{ errors?: { message: string }[] }>('/graphql', {
    as: sam,
    body: { query },
  });
  return body.errors?.[0]?.message;
};

describe('a time without its zone', () => {
  const IN_NO_ZONE = ['2027-01-31T09:00:00', '2027-01-31T09:00', '2027-01-31'];

  it.each(IN_NO_ZONE)('is refused in every query and body: %s', async (time) => {
    const asked = [
      ...['from', 'to', 'asOf'].map((name) => [`/${name}`, `/v1/audit?${name}=${time}`] as const),
      ['/asOf', `/v1/partners?asOf=${time}`] as const,
      ['/asOf', `/v1/api-keys?asOf=${time}`] as const,
      ['/expiresAt', '/v1/api-keys', { ...ISSUED, expiresAt: time }] as const,
    ];
    for (const [pointer, url, body] of asked) {
      const answered = await product.call(url, { as: sam, ...(body ? { body } : {}) });
      expect([url, answered.status, answered.body['code']]).toEqual([url, 400, 'request/invalid']);
      expect(answered.body['errors']).toEqual([
        { pointer, problem: expect.stringMatching(/ends in Z or an offset, such as 2026-/) },
      ]);
    }
    for (const query of [
      `{ auditTrail(first: 1, from: "${time}") { position } }`,
      `{ partners(first: 1, asOf: "${time}") { position } }`,
      `mutation { issueApiKey(input: {portal: affiliate, holder: {type: partner, id: "7"}, label: "x", expiresAt: "${time}"}) { keyId } }`,
    ])
      expect(await graphql(query)).toMatch(/ends in Z or an offset|not valid/);
  });

  it('is one with it, in any zone', async () => {
    const offset = encodeURIComponent('+02:00');
    for (const url of [
      `/v1/audit?from=2026-01-31T09:00:00${offset}&to=2999-01-31T09:00:00${offset}`,
      `/v1/partners?asOf=2026-01-31T09:00:00${offset}`,
      '/v1/partners?asOf=2026-01-31T09:00:00Z',
    ])
      expect([url, (await product.call(url, { as: sam })).status]).toEqual([url, 200]);
  });
});
