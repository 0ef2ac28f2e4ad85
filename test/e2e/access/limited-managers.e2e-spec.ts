import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import { graphqlCaller } from '../graphql/graphql-caller.js';
import type { Ids } from '../isolation/cases.js';
import { NAMING_FIELDS, NAMING_ROUTES } from '../isolation/cases.js';
import { documentFor } from '../isolation/surface.js';

const LEA = 7;
const REFUSED = { code: 'access/forbidden', details: { required: 'manager-of-the-partner' } };
/** Beside the lists, which show nothing of others: all that names a partner, its keys or their shares. */
const ROUTES = Object.keys(NAMING_ROUTES).filter(
  (route) =>
    / \/v1\/(partners|api-keys|key-rings|shares)\b/.test(route) &&
    !/^GET \/v1\/[\w-]+$/.test(route),
);
const NOT_OF_PARTNERS =
  /etwork|mployee|auditTrail|arketplace|connectionKeys|Policy|Profile|Webhook|My/;
const FIELDS = Object.keys(NAMING_FIELDS).filter(
  (field) => !NOT_OF_PARTNERS.test(field) && !/^query \w+s$/.test(field),
);

/** What the answers differ in beside what they say. */
const freed = (text: string): string => text.replace(/"correlationId":"[^"]+"/, '');

describe('a manager of limited scope', () => {
  let product: TestApplication;
  let sam: string;
  let lea: string;
  let own: Ids;
  let anothers: Ids;
  /** Another manager's too, with all at its end. */
  let ended: Ids;
  const nobodys: Ids = {
    ...{ networkId: 1, employeeId: 1, marketplacePartnerId: 1, credentialId: randomUUID() },
    ...{ partnerId: 99, keyId: randomUUID(), shareId: randomUUID(), flagId: randomUUID() },
  };

  const ask = (route: string, ids: Ids, as = lea) => {
    const [method = '', template = ''] = route.split(' ');
    const { params = {}, body } = NAMING_ROUTES[route]?.(ids) ?? {};
    const url = template.replace(/:(\w+)/g, (_, name: string) => String(params[name]));
    return product.call(url, { method: method as 'GET', as, ...(body ? { body } : {}) });
  };
  const askGraphql = async (field: string, ids: Ids) => {
    const query = documentFor(product, field);
    const variables = NAMING_FIELDS[field]?.(ids) ?? {};
    const { errors, text } = await graphqlCaller(product)(query, { as: lea, variables });
    const [refused] = errors;
    return { code: refused?.extensions.code, details: refused?.extensions['details'], text };
  };
  const must = async (route: string, ids: Ids) => {
    const { status, text, body } = await ask(route, ids, sam);
    if (status >= 300) throw new Error(`${route}: ${String(status)} ${text}`);
    return body as Readonly<Record<string, string>>;
  };
  const partnerWithKey = async (partnerId: number, managerId: number): Promise<Ids> => {
    await product.eligiblePartner(sam, partnerId, managerId);
    const { keyId = '' } = await must('POST /v1/api-keys', { ...nobodys, partnerId });
    const { shareId = '' } = await must('POST /v1/api-keys/:keyId/shares', { ...nobodys, keyId });
    return { ...nobodys, partnerId, keyId, shareId };
  };

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
    const permissions = [
      ...['partners.read', 'partners.manage', 'partner.flags.manage'],
      ...['partner.api_keys.read', 'partner.api_keys.manage', 'partner.api_keys.reveal'],
    ];
    const rights = { superUser: false, permissions, scope: 'limited' };
    await product.call('/v1/networks/1/employees', {
      as: sam,
      body: { employeeId: LEA, issuer: product.issuer.issuer, subject: 'lea', ...rights },
    });
    lea = await product.token('lea', 1);
    own = await partnerWithKey(21, LEA);
    anothers = await partnerWithKey(22, 1);
    ended = await partnerWithKey(23, 1);
    await must('POST /v1/api-keys/:keyId/revoke', ended);
    await product.call('/v1/partners/23/status', {
      as: sam,
      body: { status: 'offboarded', reason: 'contract ended' },
    });
    // The read models have all of it before anything is asked.
    const head = String(await product.foundations.eventStore.barrier());
    for (const url of ['/v1/partners', '/v1/api-keys', '/v1/shares'])
      expect((await product.call(`${url}?atLeast=${head}`, { as: sam })).status).toBe(200);
  });
  afterAll(() => product.close());

  it('is asked about on all routes and fields that name a partner, its keys or their shares', () => {
    expect(ROUTES.length).toBeGreaterThan(20);
    expect(FIELDS.length).toBeGreaterThan(20);
  });

  it.each(ROUTES)('is told what to ask for, and nothing else of another’s: %s', async (route) => {
    const refused = await ask(route, anothers);
    expect([refused.status, refused.body]).toMatchObject([403, REFUSED]);
    expect(freed((await ask(route, ended)).text)).toBe(freed(refused.text));
    const missing = await ask(route, nobodys);
    expect([missing.status, missing.body['code']]).toEqual([
      404,
      expect.stringMatching(/^(keys|partners)\/.*not-found$/),
    ]);
  });

  it.each(FIELDS)('and by GraphQL: %s', async (field) => {
    const refused = await askGraphql(field, anothers);
    expect(refused).toMatchObject(REFUSED);
    expect(freed((await askGraphql(field, ended)).text)).toBe(freed(refused.text));
    expect((await askGraphql(field, nobodys)).code).toMatch(/not-found$/);
  });

  it('is let through to what is theirs, and finds only that in lists', async () => {
    for (const route of ROUTES.filter((each) => each.startsWith('GET ')))
      expect([route, (await ask(route, own)).status]).toEqual([route, 200]);
    for (const url of ['/v1/partners', '/v1/api-keys', '/v1/shares']) {
      const { body } = await product.call<{ items: unknown[] }>(url, { as: lea });
      expect([url, body.items.length]).toEqual([url, 1]);
    }
    for (const { partnerId } of [anothers, nobodys]) {
      const none = await product.call(`/v1/api-keys?partnerId=${String(partnerId)}`, { as: lea });
      expect([none.status, none.body['items']]).toEqual([200, []]);
    }
  });

  it('can’t register another’s partner as theirs, whatever became of it', async () => {
    const register = (partnerId: number) =>
      product.call('/v1/partners', {
        as: lea,
        body: { partnerId, name: 'Mine', status: 'active', managerId: LEA },
      });
    for (const { partnerId } of [anothers, ended])
      expect((await register(partnerId)).body).toMatchObject(REFUSED);
    expect((await register(own.partnerId)).body['code']).toBe('partners/already-registered');
  });

  it('tells an employee without the permission nothing: missing and there are one', async () => {
    const rights = { superUser: false, permissions: ['network.read'], scope: 'limited' };
    await product.call('/v1/networks/1/employees', {
      as: sam,
      body: { employeeId: 8, issuer: product.issuer.issuer, subject: 'max', ...rights },
    });
    const max = await product.token('max', 1);
    for (const route of ROUTES) {
      const [there, missing] = [await ask(route, own, max), await ask(route, nobodys, max)];
      expect([route, there.status]).toEqual([route, 403]);
      expect(freed(missing.text)).toBe(freed(there.text));
    }
  });
});
