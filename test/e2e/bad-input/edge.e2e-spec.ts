import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

describe('what fails before there is a handler', () => {
  let product: TestApplication;
  let sam: string;

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
  });
  afterAll(() => product.close());

  it('is a problem with a code of the catalogue, and repeats nothing of the request', async () => {
    for (const path of ['/v1/api-keys/%ff', `/v1/api-keys/${'x'.repeat(9_000)}`, '/v1/nowhere']) {
      const { status, headers, body, text } = await product.call(path, { as: sam });
      expect({ status, type: headers['content-type'], code: body['code'] }).toEqual({
        status: 404,
        type: expect.stringContaining('application/problem+json') as unknown,
        code: 'request/not-found',
      });
      expect(text).not.toContain('xxxx');
      expect(text).not.toContain('%ff');
    }
  });

  it('refuses a body that is no JSON by its media type', async () => {
    for (const media of ['application/x-www-form-urlencoded', 'text/plain', 'application/xml']) {
      const { status, body } = await product.call('/v1/api-keys', {
        as: sam,
        body: 'portal=affiliate',
        headers: { 'content-type': media },
      });
      expect({ media, status, code: body['code'] }).toEqual({
        media,
        status: 415,
        code: 'request/unsupported-media-type',
      });
    }
  });
});
