import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

const UUID = '4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1';

/** Anyone can make a tag that fits: nothing in it is secret. */
function forged(kind: string, payload: string): string {
  const tag = createHash('sha256')
    .update(JSON.stringify(['keyledger cursor', kind, 1]))
    .update(payload)
    .digest()
    .subarray(0, 12);
  return Buffer.concat([tag, Buffer.from(payload)]).toString('base64url');
}

describe('a forged cursor', () => {
  let product: TestApplication;
  let sam: string;

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
  });
  afterAll(() => product.close());

  const beyond = '{"n":"9999999999999999999"}';
  it.each([
    [
      '/v1/api-keys',
      'apiKeys',
      `[{"n":"1"},"${UUID}"]`,
      `[${beyond},"${UUID}"]`,
      '[{"n":"1"},"x"]',
    ],
    ['/v1/shares', 'shares', `[{"n":"1"},"${UUID}"]`, `[${beyond},"${UUID}"]`, '[{"n":"1"},"x"]'],
    ['/v1/partners', 'partners', '[1]', '[1.5]', '[1e300]'],
    ['/v1/networks', 'networks', '[1]', '[0.5]', '[1e20]'],
    ['/v1/marketplace-partners', 'marketplacePartners', '[1]', '[1e20]', '[9007199254740991]'],
    ['/v1/webhooks/dead-letters', 'deadLetters', '[{"n":"1"}]', `[${beyond}]`, '[null]'],
    ['/v1/networks/1/employees', 'employees', '[{"n":"1"}]', `[${beyond}]`, '[1]'],
  ])('of %s is refused as the client’s mistake', async (url, kind, sound, ...payloads) => {
    const list = (after: string) => product.call(`${url}?after=${after}`, { as: sam });
    expect((await list(forged(kind, sound))).status).toBe(200);
    for (const payload of payloads) {
      const { status, body } = await list(forged(kind, payload));
      expect([payload, status, body['code']]).toEqual([payload, 400, 'request/invalid-cursor']);
    }
  });
});
