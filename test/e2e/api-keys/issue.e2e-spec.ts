import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

interface Issued {
  readonly keyId: string;
  readonly key: string;
  readonly masked: string;
}

describe('POST /v1/api-keys', () => {
  let product: TestApplication;
  let sam: string;
  let nextPartner = 1;

  const issue = (partnerId: number, more: object = {}) => ({
    portal: 'affiliate',
    holder: { type: 'partner', id: partnerId },
    label: 'Reporting',
    ...more,
  });
  const eligible = async () => {
    const partnerId = (nextPartner += 1);
    await product.eligiblePartner(sam, partnerId);
    return partnerId;
  };

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
  });
  afterAll(() => product.close());

  describe('201', () => {
    it('answers the key, its place, its version and the position it is true at', async () => {
      const partnerId = await eligible();
      const { status, body, headers, position } = await product.call<Issued>('/v1/api-keys', {
        as: sam,
        body: issue(partnerId),
      });
      expect(status).toBe(201);
      expect(body.key).toMatch(/^kl_aff_[0-9A-Za-z]{36}_[0-9A-Za-z]{6}$/);
      expect(headers).toMatchObject({
        etag: '"1"',
        location: `/v1/api-keys/${body.keyId}`,
        'cache-control': 'no-store',
      });
      const read = await product.call(`/v1/api-keys/${body.keyId}?atLeast=${position}`, {
        as: sam,
      });
      expect(read.body).toMatchObject({ status: 'active', masked: body.masked });
      expect(read.text).not.toContain(body.key);
    });

    it('appends nothing twice for one Idempotency-Key, and gives the first answer also after the stream moved on', async () => {
      const partnerId = await eligible();
      const headers = { 'idempotency-key': `issue-${String(partnerId)}` };
      const once = await product.call<Issued>('/v1/api-keys', {
        as: sam,
        body: issue(partnerId),
        headers,
      });
      await product.call(`/v1/api-keys/${once.body.keyId}/relabel`, {
        as: sam,
        body: { label: 'Other' },
      });
      const again = await product.call<Issued>('/v1/api-keys', {
        as: sam,
        body: issue(partnerId),
        headers,
      });
      expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: once.body });
      const { body } = await product.call<{ items: unknown[] }>(
        `/v1/api-keys?partnerId=${String(partnerId)}&atLeast=${again.position}`,
        { as: sam },
      );
      expect(body.items).toHaveLength(1);
    });
  });

  describe('400', () => {
    it('points at each field that is wrong or not known', async () => {
      const { status, body } = await product.call<{ errors: { pointer: string }[] }>(
        '/v1/api-keys',
        {
          as: sam,
          body: {
            portal: 'somewhere',
            holder: { type: 'partner', id: 'one' },
            label: 7,
            extra: true,
          },
        },
      );
      expect(status).toBe(400);
      expect(body.errors.map(({ pointer }) => pointer).sort()).toEqual([
        '/extra',
        '/holder/id',
        '/label',
        '/portal',
      ]);
    });

    it('points at a holder or recipient that is missing, and at a null', async () => {
      const keyId = randomUUID();
      for (const [path, body, pointer] of [
        ['/v1/api-keys', { portal: 'affiliate', label: 'x' }, '/holder'],
        [
          '/v1/api-keys',
          { portal: 'affiliate', holder: { type: 'partner', id: 1 }, label: 'x', expiresAt: null },
          '/expiresAt',
        ],
        ['/v1/key-rings/suspend', { portal: 'affiliate', reason: 'x' }, '/holder'],
        [
          `/v1/api-keys/${keyId}/shares`,
          { channel: 'email', reason: 'x', bound: 'users' },
          '/recipient',
        ],
        [`/v1/api-keys/${keyId}/reveal`, { purpose: 'support', note: null }, '/note'],
      ] as const) {
        const answered = await product.call<{ errors: { pointer: string }[] }>(path, {
          as: sam,
          body,
        });
        expect(answered.status).toBe(400);
        expect(answered.body.errors.map((error) => error.pointer)).toEqual([pointer]);
      }
    });

    it('refuses malformed JSON, a label of 100,000 characters, direction overrides, NUL and a key in a label', async () => {
      const partnerId = await eligible();
      const malformed = await product.call('/v1/api-keys', { as: sam, body: '{"portal":' });
      expect(malformed).toMatchObject({ status: 400, body: { code: 'request/malformed-json' } });
      const { body: key } = await product.call<Issued>('/v1/api-keys', {
        as: sam,
        body: issue(partnerId),
      });
      for (const label of ['x'.repeat(100_000), 'a\u202Eb', 'a\u0000b', `mine is ${key.key}`]) {
        const answered = await product.call('/v1/api-keys', {
          as: sam,
          body: issue(partnerId, { label }),
        });
        expect(answered.status).toBe(400);
        expect(answered.text).not.toContain(key.key);
      }
    });
  });

  describe('401', () => {
    it('refuses no token, an expired one, one for somebody else, and an ID token', async () => {
      const partnerId = await eligible();
      const subject = 'super-1';
      const bad = [
        undefined,
        await product.issuer.token({ subject, networkId: 1, expiresInSeconds: -3_600 }),
        await product.issuer.token({ subject, networkId: 1, audience: 'another-api' }),
        await product.issuer.token({ subject, networkId: 1, typ: 'JWT' }),
        `${sam.slice(0, -4)}AAAA`,
      ];
      for (const as of bad) {
        const answered = await product.call('/v1/api-keys', {
          body: issue(partnerId),
          ...(as === undefined ? {} : { as }),
        });
        expect(answered).toMatchObject({ status: 401, body: { code: 'access/unauthenticated' } });
        expect(answered.headers['www-authenticate']).toMatch(/^Bearer/);
      }
    });
  });

  describe('404', () => {
    it('answers a missing partner and one of another network with equal bytes', async () => {
      const nora = await product.network(2);
      await product.eligiblePartner(nora, 900);
      const [missing, foreign] = await Promise.all(
        [901, 900].map((id) => product.call('/v1/api-keys', { as: sam, body: issue(id) })),
      );
      expect(missing?.status).toBe(404);
      const withoutCorrelation = (text?: string) => text?.replace(/"correlationId":"[^"]+"/, '');
      expect(withoutCorrelation(foreign?.text)).toBe(withoutCorrelation(missing?.text));
    });
  });

  describe('409', () => {
    it('refuses an ineligible partner with the verdict', async () => {
      await product.call('/v1/partners', {
        as: sam,
        body: { partnerId: 700, name: 'Newcomer', status: 'pending' },
      });
      const { status, body } = await product.call<{
        details: { verdict: { blockers: unknown[] } };
      }>('/v1/api-keys', { as: sam, body: issue(700) });
      expect(status).toBe(409);
      expect(body).toMatchObject({ code: 'keys/partner-not-eligible' });
      expect(body.details.verdict.blockers).toHaveLength(2);
    });

    it('lets two keys be active and not a third, also when ten are asked for at once', async () => {
      const partnerId = await eligible();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () =>
          product.call('/v1/api-keys', { as: sam, body: issue(partnerId) }),
        ),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
      expect(
        answers.filter(({ status }) => status !== 201).map(({ body }) => body['code']),
      ).toEqual(Array.from({ length: 8 }, () => 'keys/active-keys-limit'));
    });
  });

  describe('413', () => {
    it('refuses a body beyond the limit and says the limit', async () => {
      const { status, body } = await product.call('/v1/api-keys', {
        as: sam,
        body: JSON.stringify({ label: 'x'.repeat(1_100_000) }),
      });
      expect({ status, body }).toMatchObject({
        status: 413,
        body: { code: 'request/body-too-large', details: { bytesMax: 1_048_576 } },
      });
    });
  });

  describe('422', () => {
    it('refuses another body under a used Idempotency-Key', async () => {
      const partnerId = await eligible();
      const headers = { 'idempotency-key': `reused-${String(partnerId)}` };
      await product.call('/v1/api-keys', { as: sam, body: issue(partnerId), headers });
      const { status, body } = await product.call('/v1/api-keys', {
        as: sam,
        body: issue(partnerId, { label: 'Another' }),
        headers,
      });
      expect({ status, code: body['code'] }).toEqual({
        status: 422,
        code: 'request/idempotency-key-reused',
      });
    });
  });

  it('never logs a key', async () => {
    const partnerId = await eligible();
    const { body } = await product.call<Issued>('/v1/api-keys', {
      as: sam,
      body: issue(partnerId),
    });
    expect(product.logged.length).toBeGreaterThan(0);
    expect(product.logged.join('')).not.toContain(body.key);
  });
});
