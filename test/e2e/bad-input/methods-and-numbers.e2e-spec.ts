import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Call, TestApplication } from '#test/application';
import { testApplication } from '#test/application';

describe('a request that is almost right', () => {
  let product: TestApplication;
  let sam: string;
  let keyId: string;

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
    await product.eligiblePartner(sam, 7);
    const { body } = await product.call('/v1/api-keys', {
      as: sam,
      body: { portal: 'affiliate', holder: { type: 'partner', id: 7 }, label: 'Reporting' },
    });
    keyId = String(body['keyId']);
  });
  afterAll(() => product.close());

  const json = (url: string, call: Call = {}) =>
    product.call(url, {
      as: sam,
      ...call,
      headers: { 'content-type': 'application/json', ...call.headers },
    });

  it.each<[NonNullable<Call['method']>, string, string]>([
    ['DELETE', '/v1/api-keys/4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1', 'GET, HEAD'],
    ['PUT', '/v1/api-keys', 'GET, HEAD, POST'],
    ['GET', '/v1/api-keys/4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1/revoke?x=/v1/me', 'POST'],
    ['POST', '/v1/me', 'GET, HEAD'],
    ['PATCH', '/v1/networks/1/key-policy', 'PUT'],
    ['PUT', '/v1/shares/open', 'GET, HEAD, POST'],
    ['DELETE', '/health/live', 'GET, HEAD'],
    ['PUT', '/graphql', 'GET, HEAD, POST'],
  ])('%s %s is answered with what the path is there for', async (method, url, allow) => {
    const { status, headers, body } = await product.call(url, { as: sam, method });
    expect({ status, allow: headers['allow'], code: body['code'] }).toEqual({
      status: 405,
      allow,
      code: 'request/method-not-allowed',
    });
    expect(headers['content-type']).toContain('application/problem+json');
  });

  it('with a wrong method is refused before its body is read, and before that for its token, where one is needed', async () => {
    const malformed = await product.call('/v1/me', { as: sam, method: 'PUT', body: '{' });
    expect(malformed.status).toBe(405);
    expect((await product.call('/v1/me', { method: 'PUT' })).status).toBe(401);
    for (const [url, allow] of [
      ['/health/live', 'GET, HEAD'],
      ['/v1/share', 'GET, HEAD'],
      ['/v1/webhooks/partners/created', 'POST'],
    ]) {
      const open = await product.call(String(url), { method: 'PUT' });
      expect([url, open.status, open.headers['allow']]).toEqual([url, 405, allow]);
    }
    const nowhere = await product.call('/v1/nowhere', { as: sam, method: 'PUT' });
    expect([nowhere.status, nowhere.headers['allow']]).toEqual([404, undefined]);
  });

  it.each([
    '0x7D1',
    '1e3',
    '1.0',
    '+7',
    ' 7',
    '07',
    '7n',
    '٧',
    '',
    '-1',
    '9007199254740993',
    'Infinity',
  ])('takes plain decimal digits for numbers, and not %p', async (number) => {
    const text = encodeURIComponent(number);
    for (const url of [
      `/v1/partners?managerId=${text}`,
      `/v1/api-keys?partnerId=${text}`,
      `/v1/shares?partnerId=${text}`,
      `/v1/audit?partnerId=${text}`,
      `/v1/partners?first=${text}`,
      `/v1/networks/1/employees?first=${text}`,
    ])
      expect([url, (await product.call(url, { as: sam })).body['code']]).toEqual([
        url,
        'request/invalid',
      ]);
    for (const place of ['partners', 'networks', 'marketplace-partners', 'networks/1/employees']) {
      if (number === '') continue;
      const url = `/v1/${place}/${text}`;
      expect([url, (await product.call(url, { as: sam })).status]).toEqual([url, 400]);
    }
  });

  it('with a JSON content type and no body is one without a body', async () => {
    const revealed = await json(`/v1/api-keys/${keyId}/reveal`, { method: 'POST' });
    expect([revealed.status, revealed.body['errors']]).toEqual([
      400,
      [{ pointer: '/purpose', problem: expect.stringContaining('must be one of') as unknown }],
    ]);
    const shared = await json(`/v1/api-keys/${keyId}/shares`, {
      body: {
        recipient: { type: 'holderUsers' },
        channel: 'email',
        reason: 'hand-over',
        bound: 'passphrase',
      },
    });
    const ended = await json(`/v1/shares/${String(shared.body['shareId'])}/end`, {
      method: 'POST',
    });
    expect([ended.status, ended.body['status']]).toEqual([200, 'ended']);
  });

  it('names the true fault of a field first', async () => {
    const { body } = await json('/v1/partners', {
      body: { partnerId: 'seven', name: 5, status: 'active', managerId: '2' },
    });
    expect(body['errors']).toEqual([
      { pointer: '/partnerId', problem: 'partnerId must be an integer number' },
      { pointer: '/name', problem: 'name must be a string' },
      { pointer: '/managerId', problem: 'managerId must be an integer number' },
    ]);
    const listed = await product.call('/v1/partners?first=many', { as: sam });
    expect(listed.body['errors']).toEqual([
      { pointer: '/first', problem: 'first must be an integer number' },
    ]);
  });
});
