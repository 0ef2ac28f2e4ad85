import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeysServer } from './keys-server.js';
import { comparable, startKeysServer } from './keys-server.js';

let server: KeysServer;
let network: Awaited<ReturnType<KeysServer['network']>>;
let other: typeof network;
beforeAll(async () => {
  server = await startKeysServer();
  network = await server.network(1);
  other = await server.network(2);
});
afterAll(async () => {
  await server.close();
});

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const post = (to: string, body: object, token = network.admin, headers = {}) =>
  server.call(to, { token, body, headers });
const get = (to: string, token = network.admin) => server.call(to, { token });
const body = (partnerId: number, more: object = {}) => ({
  portal: 'affiliate',
  holder: { type: 'partner', id: partnerId },
  label: 'Dashboard',
  ...more,
});

describe('POST /v1/api-keys', () => {
  it('201: answers the key once more to nobody, with its place and version', async () => {
    await network.partner(10);
    const reply = await post('/v1/api-keys', body(10));
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      key: expect.stringMatching(/^kl_aff_[0-9A-Za-z]{36}_[0-9A-Za-z]{6}$/) as unknown,
      portal: 'affiliate',
      holder: { type: 'partner', id: 10 },
      status: 'active',
      version: 1,
    });
    const keyId = String(reply.body['keyId']);
    expect(reply.headers.get('location')).toBe(`/v1/api-keys/${keyId}`);
    expect(reply.headers.get('etag')).toBe('"1"');
    expect(reply.headers.get('cache-control')).toBe('no-store');
    const position = reply.headers.get('x-ledger-position') ?? '';
    const read = await get(`/v1/api-keys/${keyId}?atLeast=${position}`);
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.body).toMatchObject({ keyId, status: 'active', verdict: { eligible: true } });
    expect(read.text).not.toContain(String(reply.body['key']));
  });

  it('400: points at each wrong field, and refuses unknown ones', async () => {
    const reply = await post('/v1/api-keys', {
      portal: 'none',
      holder: { type: 'partner', id: 'x' },
      label: 7,
      colour: 'red',
    });
    expect(reply.status).toBe(400);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    const pointers = (reply.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual(['/colour', '/holder/id', '/label', '/portal']);
  });

  it.each([
    ['100,000 characters', 'x'.repeat(100_000)],
    ['a bidi override', 'abc\u202Edef'],
    ['a NUL', 'a\u0000b'],
  ])('400: refuses a label with %s', async (_, label) => {
    expect((await post('/v1/api-keys', body(10, { label }))).status).toBe(400);
  });

  it('401: without a token; 403: for users of a partner', async () => {
    const user = await network.partner(11);
    expect((await server.call('/v1/api-keys', { body: body(11) })).status).toBe(401);
    const refused = await post('/v1/api-keys', body(11), user);
    expect([refused.status, refused.body['code']]).toEqual([403, 'access/forbidden']);
  });

  it('404: answers a partner of another network as one that never was', async () => {
    await other.partner(900);
    const known = await post('/v1/api-keys', body(900));
    const never = await post('/v1/api-keys', body(901));
    expect(known.status).toBe(404);
    expect(comparable(known)).toEqual(comparable(never));
  });

  it('409: explains why the partner is not eligible', async () => {
    await network.partner(12, { eligible: false });
    const reply = await post('/v1/api-keys', body(12));
    expect([reply.status, reply.body['code']]).toEqual([409, 'keys/partner-not-eligible']);
    expect(reply.body['details']).toMatchObject({
      verdict: { eligible: false, blockers: expect.any(Array) as unknown },
    });
  });

  it('201 once: repeats neither the key nor its secret under the same Idempotency-Key, and refuses another body', async () => {
    await network.partner(13);
    const headers = { 'idempotency-key': 'issue-13' };
    const first = await post('/v1/api-keys', body(13), network.admin, headers);
    expect(first.status).toBe(201);
    const again = await post('/v1/api-keys', body(13), network.admin, headers);
    expect(again.status).toBeLessThan(300);
    expect(again.body['keyId']).toBe(first.body['keyId']);
    const changed = await post(
      '/v1/api-keys',
      body(13, { label: 'Other' }),
      network.admin,
      headers,
    );
    expect([changed.status, changed.body['code']]).toEqual([422, 'request/idempotency-key-reused']);
    const position = first.headers.get('x-ledger-position') ?? '';
    const list = await get(`/v1/api-keys?partnerId=13&atLeast=${position}`);
    expect(list.body['items']).toHaveLength(1);
  });
});

describe('the life of a key', () => {
  it('changes at the version that was seen only, and shows the past as it was', async () => {
    await network.partner(20);
    const { keyId } = await network.issue(20);
    const at = `/v1/api-keys/${keyId}`;
    const relabeled = await post(`${at}/relabel`, { label: 'Looker' }, network.admin, {
      'if-match': '"1"',
    });
    expect([relabeled.status, relabeled.headers.get('etag')]).toEqual([200, '"2"']);
    const stale = await post(`${at}/revoke`, { reason: 'unused' }, network.admin, {
      'if-match': '"1"',
    });
    expect([stale.status, stale.body['code']]).toEqual([412, 'request/precondition-failed']);
    const revoked = await post(`${at}/revoke`, { reason: 'leaked' }, network.admin, {
      'if-match': '"2"',
    });
    expect(revoked.body).toMatchObject({ status: 'revoked', version: 3 });

    const now = revoked.headers.get('x-ledger-position') ?? '';
    const then = relabeled.headers.get('x-ledger-position') ?? '';
    expect((await get(`${at}?atLeast=${now}`)).body).toMatchObject({
      status: 'revoked',
      revocation: { reason: 'leaked' },
    });
    expect((await get(`${at}?asOf=${then}`)).body).toMatchObject({
      status: 'active',
      label: 'Looker',
      revocation: null,
    });
    const list = await get(`/v1/api-keys?partnerId=20&status=revoked`);
    expect(list.body['items']).toMatchObject([{ keyId }]);
    const reveal = await post(`${at}/reveal`, { purpose: 'support' });
    expect([reveal.status, reveal.body['code']]).toEqual([409, 'keys/key-revoked']);
  });

  it('is revoked and reissued in one step, and revealed again', async () => {
    await network.partner(21);
    const { keyId, key } = await network.issue(21);
    const revealed = await post(`/v1/api-keys/${keyId}/reveal`, { purpose: 'resend' });
    expect(revealed.body).toEqual({ keyId, key, secretWithheld: null });
    expect(revealed.headers.get('cache-control')).toBe('no-store');
    const reissued = await post(`/v1/api-keys/${keyId}/reissue`, { reason: 'leaked' });
    expect(reissued.status).toBe(201);
    expect(reissued.body).toMatchObject({ replaces: keyId, label: 'Dashboard', status: 'active' });
    expect(reissued.body['key']).not.toBe(key);
    const position = reissued.headers.get('x-ledger-position') ?? '';
    const list = await get(`/v1/api-keys?partnerId=21&atLeast=${position}`);
    expect(list.body['items']).toMatchObject([
      { keyId: reissued.body['keyId'], replaces: keyId, status: 'active' },
      { keyId, replacedBy: reissued.body['keyId'], status: 'revoked' },
    ]);
  });

  it('is suspended and reinstated with its whole ring', async () => {
    await network.partner(22);
    const { keyId } = await network.issue(22);
    const ring = { portal: 'affiliate', holder: { type: 'partner', id: 22 }, reason: 'Review' };
    const suspended = await post('/v1/key-rings/suspend', ring);
    expect(suspended.body).toMatchObject({ keys: [{ keyId, status: 'suspended' }] });
    const reinstated = await post('/v1/key-rings/reinstate', ring);
    expect(reinstated.body).toMatchObject({ keys: [{ keyId, status: 'active' }] });
  });

  it('404: another network’s key is answered as one that never was', async () => {
    await other.partner(30);
    const { keyId } = await other.issue(30);
    for (const [to, sent] of [
      ['', undefined],
      ['/reveal', { purpose: 'support' }],
      ['/revoke', { reason: 'leaked' }],
      [
        '/shares',
        { recipient: { type: 'holderUsers' }, channel: 'email', reason: 'x', bound: 'users' },
      ],
    ] as const) {
      const [foreign, never] = await Promise.all(
        [keyId, UNKNOWN].map((id) =>
          server.call(`/v1/api-keys/${id}${to}`, {
            token: network.admin,
            ...(sent ? { body: sent } : {}),
          }),
        ),
      );
      expect(foreign?.status).toBe(404);
      expect(foreign?.body['code']).toBe('keys/key-not-found');
      expect(foreign?.body['detail']).toBe(never?.body['detail']);
    }
  });

  it('400: an id that is no UUID, a cursor that is none, a bad position', async () => {
    for (const to of [
      '/v1/api-keys/x',
      '/v1/api-keys?after=x',
      '/v1/api-keys?atLeast=x',
      '/v1/api-keys?first=201',
      '/v1/api-keys?asOf=yesterday',
    ])
      expect([to, (await get(to)).status]).toEqual([to, 400]);
  });
});

describe('a limited manager', () => {
  it('403: lists the keys of their own partners only, and reads no other', async () => {
    const limited = await network.employee(40, {
      permissions: ['partner.api_keys.read', 'partner.api_keys.manage'],
      scope: 'limited',
    });
    await network.partner(41, { managerId: 40 });
    await network.partner(42);
    const mine = await network.issue(41);
    const others = await network.issue(42);
    const position = others.reply.headers.get('x-ledger-position') ?? '';
    const list = await get(`/v1/api-keys?atLeast=${position}`, limited);
    expect(list.body['items']).toMatchObject([{ keyId: mine.keyId }]);
    expect((await get(`/v1/api-keys/${others.keyId}`, limited)).status).toBe(403);
    const revoke = await post(`/v1/api-keys/${others.keyId}/revoke`, { reason: 'unused' }, limited);
    expect(revoke.status).toBe(403);
  });
});

describe('GET /v1/me/api', () => {
  it('200: nothing before the first key, the key at once after it, nothing when none is left', async () => {
    const user = await network.partner(50);
    expect((await get('/v1/me/api', user)).body).toEqual({ available: false });
    const { keyId, key } = await network.issue(50);
    const shown = await get('/v1/me/api', user);
    expect(shown.body).toMatchObject({
      available: true,
      baseUrl: 'https://api.eflow.team/v1',
      headerName: 'X-Eflow-API-Key',
      keys: [{ keyId, status: 'active', reveal: `/v1/me/api/keys/${keyId}/reveal` }],
    });
    expect(shown.text).not.toContain(key);
    const reveal = await server.call(`/v1/me/api/keys/${keyId}/reveal`, {
      token: user,
      method: 'POST',
    });
    expect([reveal.status, reveal.body, reveal.headers.get('cache-control')]).toEqual([
      200,
      { keyId, key, secretWithheld: null },
      'no-store',
    ]);
    await post(`/v1/api-keys/${keyId}/revoke`, { reason: 'offboarded' });
    expect((await get('/v1/me/api', user)).body).toEqual({ available: false });
  });

  it('404: another partner’s key cannot be revealed; 403: an employee has no own API access', async () => {
    const user = await network.partner(51);
    await network.partner(52);
    const { keyId } = await network.issue(52);
    const to = `/v1/me/api/keys/${keyId}/reveal`;
    expect((await server.call(to, { token: user, method: 'POST' })).status).toBe(404);
    expect((await get('/v1/me/api')).status).toBe(403);
  });
});

describe('GET /v1/me', () => {
  it('200: says who the caller is', async () => {
    expect((await get('/v1/me')).body).toMatchObject({
      type: 'employee',
      networkId: 1,
      employee: { employeeId: 1, superUser: true },
      partnerId: null,
    });
    expect((await get('/v1/me', await network.partner(60))).body).toMatchObject({
      type: 'partnerUser',
      partnerId: 60,
      employee: null,
    });
  });
});

describe('GET /openapi.json', () => {
  interface Operation {
    readonly operationId?: string;
    readonly tags?: readonly string[];
    readonly parameters?: readonly { readonly $ref?: string }[];
    readonly responses: Readonly<Record<string, { readonly content?: object }>>;
    readonly security?: readonly object[];
  }

  it('200: describes each route of keys with its answers, its refusals and its Idempotency-Key', async () => {
    const { body: document } = await server.call('/openapi.json');
    const paths = document['paths'] as Record<string, Record<string, Operation>>;
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
    );
    const ours = described.filter(({ operation }) =>
      operation.tags?.some((tag) => ['api-keys', 'shares', 'me'].includes(tag)),
    );
    expect(ours.map(({ path, method }) => `${method} ${path}`).sort()).toEqual([
      'get /v1/api-keys',
      'get /v1/api-keys/{keyId}',
      'get /v1/me',
      'get /v1/me/api',
      'get /v1/share',
      'get /v1/shares',
      'get /v1/shares/{shareId}',
      'post /v1/api-keys',
      'post /v1/api-keys/{keyId}/reinstate',
      'post /v1/api-keys/{keyId}/reissue',
      'post /v1/api-keys/{keyId}/relabel',
      'post /v1/api-keys/{keyId}/reveal',
      'post /v1/api-keys/{keyId}/revoke',
      'post /v1/api-keys/{keyId}/shares',
      'post /v1/api-keys/{keyId}/suspend',
      'post /v1/key-rings/reinstate',
      'post /v1/key-rings/suspend',
      'post /v1/me/api/keys/{keyId}/reveal',
      'post /v1/shares/open',
      'post /v1/shares/{shareId}/end',
    ]);
    const isPublic = ['/v1/share', '/v1/shares/open'];
    for (const { path, method, operation } of ours) {
      const { responses, parameters = [] } = operation;
      const said = [method, path, ...Object.keys(responses)];
      expect([said, operation.operationId]).not.toContain(undefined);
      expect([said, Object.keys(responses).some((status) => status.startsWith('2'))]).toEqual([
        said,
        true,
      ]);
      if (path === '/v1/share') continue;
      expect(said).toEqual(expect.arrayContaining(['401', '503']));
      expect(Object.keys(responses['401']?.content ?? {})).toEqual(['application/problem+json']);
      if (method === 'post' && !isPublic.includes(path))
        expect([path, ...parameters.map(({ $ref }) => $ref)]).toContain(
          '#/components/parameters/IdempotencyKey',
        );
    }
  });
});
