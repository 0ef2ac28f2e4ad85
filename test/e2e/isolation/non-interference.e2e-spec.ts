import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PUBLIC_ROUTES } from '#access';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import type { Ids } from './cases.js';
import { NAMING_FIELDS, NAMING_ROUTES } from './cases.js';
import { describedRoutes, graphQLFieldsOf, routesOf } from './surface.js';
import type { Ask } from './teller.js';
import { Teller } from './teller.js';

const A = 1;
const B = 2;
const PARTNER = 10;
const GRAPHQL_PARTNER = 30;
/** Only B has what is said to be of B. */
const PARTNER_OF_B = 900;
const EMPLOYEE_OF_B = 77;
const MARKETPLACE_PARTNER = 500;
const MARKETPLACE_PARTNER_OF_B = 950;

/** What one network's story leaves behind for its later steps. */
class World {
  ids: Ids;
  credential = '';
  readonly cursors = new Map<string, string>();
  constructor(readonly teller: Teller) {
    const none = randomUUID();
    this.ids = {
      networkId: teller.networkId,
      partnerId: PARTNER,
      employeeId: 3,
      marketplacePartnerId: MARKETPLACE_PARTNER,
      keyId: none,
      shareId: none,
      credentialId: none,
      flagId: none,
    };
  }

  ask(route: string, more: Ask = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.teller.ask(route, { ...NAMING_ROUTES[route]?.(this.ids), ...more });
  }
  graphql(field: string, variables: object = {}, as?: Ask['as']) {
    return this.teller.graphql(field, { ...NAMING_FIELDS[field]?.(this.ids), ...variables }, as);
  }
  know(ids: Partial<Ids>): void {
    this.ids = { ...this.ids, ...ids };
  }
  /** All pages of a list, two at a time. */
  async pages(route: string, query: Record<string, number | string> = {}): Promise<void> {
    let after: string | null = null;
    do {
      const { page } = await this.teller.ask(route, {
        ...(route.includes(':networkId') ? { params: { networkId: this.ids.networkId } } : {}),
        query: { ...query, first: 2, ...(after === null ? {} : { after }) },
      });
      const { endCursor, hasNextPage } = page as { endCursor: string | null; hasNextPage: boolean };
      if (endCursor !== null) this.cursors.set(route, endCursor);
      after = hasNextPage ? endCursor : null;
    } while (after !== null);
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const firstOf = (value: unknown) =>
  (Array.isArray(value) ? value[0] : undefined) as Readonly<Record<string, unknown>> | undefined;

/** What happens in a network, from its creation on; in the ledger of both, B does each step before A does. */
const STORY: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  'an operator creates the network and its first super user': async (world) => {
    const { networkId } = world.ids;
    const body = { networkId, name: 'Example Network', region: 'eu' };
    await world.ask('POST /v1/networks', { as: 'operator', body });
    const { issuer } = world.teller.product.issuer;
    const admin = { employeeId: 1, issuer, subject: 'admin', superUser: true };
    const employees = 'POST /v1/networks/:networkId/employees';
    const rights = { permissions: [], scope: 'global' };
    await world.ask(employees, { as: 'operator', body: { ...admin, ...rights } });
    const manager = { employeeId: 2, issuer, subject: 'manager', superUser: false };
    const permissions = ['partners.read', 'partner.api_keys.read'];
    await world.ask(employees, { body: { ...manager, permissions, scope: 'limited' } });
  },
  'settings are made': async (world) => {
    await world.ask('GET /v1/networks/:networkId');
    await world.ask('PUT /v1/networks/:networkId/key-policy');
    await world.ask('PUT /v1/networks/:networkId/api-profile');
    await world.ask('GET /v1/networks');
    await world.pages('GET /v1/networks');
  },
  'employees come and go': async (world) => {
    await world.ask('POST /v1/networks/:networkId/employees');
    await world.ask('GET /v1/networks/:networkId/employees/:employeeId');
    await world.ask('PATCH /v1/networks/:networkId/employees/:employeeId/rights');
    await world.pages('GET /v1/networks/:networkId/employees');
    await world.ask('POST /v1/networks/:networkId/employees/:employeeId/remove');
    await world.ask('GET /v1/networks/:networkId/employees');
  },
  'partners are registered and imported': async (world) => {
    const register = { name: 'Alder', status: 'pending' };
    for (const partnerId of [PARTNER, PARTNER + 1, GRAPHQL_PARTNER])
      await world.ask('POST /v1/partners', { body: { ...register, partnerId } });
    const record = {
      network_affiliate_id: PARTNER + 2,
      network_id: world.ids.networkId,
      name: 'Birch',
      account_status: 'active',
      time_created: 1_760_000_000,
      time_saved: 1_760_003_600,
    };
    const records = [record, { ...record, network_id: 99 }];
    await world.ask('POST /v1/partners/import', { body: { records } });
    await world.pages('GET /v1/partners');
  },
  'a partner becomes eligible': async (world) => {
    await world.ask('POST /v1/partners/:partnerId/status');
    await world.ask('POST /v1/partners/:partnerId/manager');
    await world.ask('POST /v1/partners/:partnerId/technical-capacity/confirm');
    await world.ask('POST /v1/partners/:partnerId/technical-capacity/withdraw');
    await world.ask('GET /v1/partners/:partnerId/eligibility');
    await world.ask('POST /v1/partners/:partnerId/technical-capacity/confirm');
    await world.ask('POST /v1/partners/:partnerId/traits');
    await world.ask('GET /v1/partners/:partnerId/eligibility');
    await world.ask('POST /v1/partners/:partnerId/users');
    await world.ask('POST /v1/partners/:partnerId/users/unlink');
    const { issuer } = world.teller.product.issuer;
    await world.ask('POST /v1/partners/:partnerId/users', { body: { issuer, subject: 'pat' } });
    await world.ask('GET /v1/partners/:partnerId');
    await world.ask('GET /v1/partners', { as: 'manager' });
  },
  'webhooks arrive': async (world) => {
    const issued = await world.ask('POST /v1/networks/:networkId/webhook-credentials');
    world.know({ credentialId: text(issued['credentialId']) });
    const sent = (body: object): Ask => ({
      as: 'nobody',
      body,
      headers: { 'x-keyledger-webhook-credential': text(issued['credential']) },
    });
    const record = {
      network_affiliate_id: 40,
      name: 'Cedar',
      account_status: 'pending',
      time_created: 1_760_000_000,
    };
    await world.ask('POST /v1/webhooks/partners/created', sent(record));
    await world.ask(
      'POST /v1/webhooks/partners/updated',
      sent({ ...record, name: 'Cedar & Co', time_saved: 1_760_000_100 }),
    );
    await world.ask(
      'POST /v1/webhooks/partners/signed-up',
      sent({ ...record, network_affiliate_id: 41 }),
    );
    await world.ask(
      'POST /v1/webhooks/partners/sign-up-verdict',
      sent({
        network_affiliate_id: 41,
        network_affiliate_name: 'Cedar',
        new_status: 'approved',
        timestamp: 1_760_000_200,
      }),
    );
    for (const bad of [{ name: 7 }, { ...record, network_id: 99 }, { account_status: 'odd' }])
      await world.ask('POST /v1/webhooks/partners/created', sent(bad));
    await world.pages('GET /v1/webhooks/dead-letters');
    await world.ask('POST /v1/networks/:networkId/webhook-credentials/:credentialId/revoke');
    await world.ask('POST /v1/webhooks/partners/created', sent(record));
  },
  'a key is issued, shown and shared': async (world) => {
    await world.ask('GET /v1/me/api', { as: 'partnerUser' });
    const once = { headers: { 'idempotency-key': 'issue-1' } };
    const issued = await world.ask('POST /v1/api-keys', once);
    await world.ask('POST /v1/api-keys', once);
    world.know({ keyId: text(issued['keyId']) });
    await world.ask('GET /v1/api-keys/:keyId');
    await world.ask('POST /v1/api-keys/:keyId/reveal');
    await world.ask('POST /v1/api-keys/:keyId/relabel');
    const shared = await world.ask('POST /v1/api-keys/:keyId/shares');
    const { token, passphrase } = shared;
    await world.ask('POST /v1/shares/open', { as: 'nobody', body: { token, passphrase } });
    await world.ask('POST /v1/shares/open', { as: 'nobody', body: { token, passphrase } });
    world.know({ shareId: text((await world.ask('POST /v1/api-keys/:keyId/shares'))['shareId']) });
    await world.ask('GET /v1/shares/:shareId');
    await world.ask('POST /v1/shares/:shareId/end');
    await world.ask('POST /v1/api-keys/:keyId/shares');
    await world.ask('GET /v1/shares');
    await world.pages('GET /v1/shares');
    await world.ask('GET /v1/me', { as: 'partnerUser' });
    await world.ask('GET /v1/me/api', { as: 'partnerUser' });
    await world.ask('POST /v1/me/api/keys/:keyId/reveal');
  },
  'a key is suspended, reinstated and replaced': async (world) => {
    await world.ask('GET /v1/api-keys/:keyId');
    await world.ask('POST /v1/api-keys/:keyId/suspend');
    await world.ask('POST /v1/api-keys/:keyId/reinstate');
    await world.ask('POST /v1/key-rings/suspend');
    await world.ask('POST /v1/key-rings/reinstate');
    const reissued = await world.ask('POST /v1/api-keys/:keyId/reissue');
    await world.ask('POST /v1/api-keys/:keyId/reveal');
    world.know({ keyId: text(reissued['keyId']) });
    await world.ask('POST /v1/api-keys');
    await world.ask('POST /v1/api-keys', {
      body: {
        portal: 'network',
        holder: { type: 'network', id: world.ids.networkId },
        label: 'Sync',
        permissions: ['reporting.read'],
      },
    });
    await world.ask('GET /v1/api-keys');
    await world.pages('GET /v1/api-keys');
  },
  'a flag suspends the keys of its partner': async (world) => {
    await world.ask('GET /v1/api-keys/:keyId');
    const flagged = await world.ask('POST /v1/partners/:partnerId/flags');
    world.know({ flagId: text(firstOf(flagged['openFlags'])?.['flagId']) });
    await world.teller.until(
      'GET /v1/api-keys/:keyId',
      { params: { keyId: world.ids.keyId } },
      ({ status }) => status === 'suspended',
    );
    await world.ask('POST /v1/partners/:partnerId/flags/:flagId/close');
    await world.ask('POST /v1/key-rings/reinstate');
    await world.ask('GET /v1/api-keys');
  },
  'a marketplace partner acts for a partner': async (world) => {
    const at = '/v1/marketplace-partners/:marketplacePartnerId';
    for (const more of [0, 1, 2])
      await world.ask('POST /v1/marketplace-partners', {
        body: { marketplacePartnerId: MARKETPLACE_PARTNER + more, name: 'Fir' },
      });
    await world.pages('GET /v1/marketplace-partners');
    const { issuer } = world.teller.product.issuer;
    await world.ask(`POST ${at}/users`, { body: { issuer, subject: 'mara' } });
    await world.ask(`POST ${at}/users`);
    await world.ask(`POST ${at}/users/unlink`);
    await world.ask(`POST ${at}/connections`);
    await world.ask(`GET ${at}`);
    await world.ask(`GET ${at}/api-keys`);
    const as = 'marketplaceUser';
    await world.ask('GET /v1/me', { as });
    await world.ask('GET /v1/me/connections/api-keys', { as });
    await world.ask('POST /v1/me/connections/api-keys/reveal', { as, body: { first: 10 } });
    await world.ask(`POST ${at}/connections/remove`);
    await world.ask('GET /v1/me/connections/api-keys', { as });
  },
  'a marketplace partner acts for a partner, through GraphQL': async (world) => {
    await world.graphql('mutation registerMarketplacePartner', {
      input: { marketplacePartnerId: MARKETPLACE_PARTNER + 3, name: 'Gorse' },
    });
    await world.graphql('query marketplacePartners', { first: 2 });
    await world.graphql('mutation linkMarketplaceUser');
    await world.graphql('mutation unlinkMarketplaceUser');
    await world.graphql('mutation connectMarketplacePartner');
    await world.graphql('query marketplacePartner');
    await world.graphql('query connectionKeys');
    const as = 'marketplaceUser';
    await world.graphql('query me', {}, as);
    await world.graphql('query myConnectionKeys', { first: 5 }, as);
    await world.graphql('mutation revealMyConnectionKeys', { first: 10 }, as);
    await world.graphql('mutation disconnectMarketplacePartner');
    await world.graphql('query myConnectionKeys', { first: 5 }, as);
  },
  'GraphQL reads': async (world) => {
    await world.ask('GET /graphql', { query: { query: '{ ledger { head } }' } });
    await world.graphql('query ledger');
    await world.graphql('query network');
    await world.graphql('query networks', { first: 2 });
    await world.graphql('query employees');
    await world.graphql('query partner');
    await world.graphql('query partners', { first: 5 });
    await world.graphql('query partnerEligibility');
    await world.graphql('query deadLetters', { first: 5 });
    await world.graphql('query apiKey');
    await world.graphql('query apiKeys');
    await world.graphql('query share');
    await world.graphql('query shares');
    await world.graphql('query me');
    await world.graphql('query myApi', {}, 'partnerUser');
  },
  'GraphQL writes': async (world) => {
    const own = world.ids;
    world.know({ partnerId: GRAPHQL_PARTNER, employeeId: 5 });
    const { networkId } = own;
    await world.graphql(
      'mutation createNetwork',
      { input: { networkId: networkId + 100, name: 'Another', region: 'us' } },
      'operator',
    );
    for (const field of [
      'mutation setKeyPolicy',
      'mutation setApiProfile',
      'mutation admitEmployee',
      'query employee',
      'mutation changeEmployeeRights',
      'mutation removeEmployee',
      'mutation confirmTechnicalCapacity',
      'mutation withdrawTechnicalCapacity',
      'mutation assessPartnerTraits',
      'mutation assignPartnerManager',
      'mutation changePartnerStatus',
      'mutation linkPartnerUser',
      'mutation unlinkPartnerUser',
    ])
      await world.graphql(field);
    const { credentialId } = await world.graphql('mutation issueWebhookCredential');
    await world.graphql('mutation revokeWebhookCredential', { credentialId });
    const { openFlags } = await world.graphql('mutation openFlag');
    await world.graphql('mutation closeFlag', { flagId: firstOf(openFlags)?.['flagId'] });
    await world.graphql('mutation registerPartner', {
      input: { partnerId: GRAPHQL_PARTNER + 1, name: 'Dogwood', status: 'pending' },
    });
    const records = [
      '{"network_affiliate_id":50,"name":"Elm","account_status":"active","time_created":1760000000}',
      '{"network_affiliate_id":"x"}',
      'not JSON',
    ];
    await world.graphql('mutation importPartners', { input: { records } });
    world.know(own);
  },
  'GraphQL hands out keys': async (world) => {
    const own = world.ids;
    await world.graphql('mutation revealMyApiKey', {}, 'partnerUser');
    const ring = { portal: 'advertiser', holder: { type: 'advertiser', id: 60 } };
    const issued = await world.graphql('mutation issueApiKey', {
      input: { ...ring, label: 'By GraphQL' },
    });
    world.know({ keyId: text(issued['keyId']) });
    await world.graphql('mutation revealApiKey');
    await world.graphql('mutation relabelApiKey');
    const { token, passphrase } = await world.graphql('mutation shareApiKey');
    await world.graphql('mutation openShare', { input: { token, passphrase } }, 'nobody');
    await world.graphql('mutation openShare', { input: { token, passphrase } });
    const shared = await world.graphql('mutation shareApiKey');
    world.know({ shareId: text(shared['shareId']) });
    await world.graphql('mutation endShare');
    await world.graphql('mutation suspendApiKey');
    await world.graphql('mutation reinstateApiKey');
    await world.graphql('mutation suspendKeyRing', { input: { ...ring, reason: 'under review' } });
    await world.graphql('mutation reinstateKeyRing', { input: { ...ring, reason: 'reviewed' } });
    world.know({ keyId: text((await world.graphql('mutation reissueApiKey'))['keyId']) });
    await world.graphql('mutation revokeApiKey');
    world.know(own);
  },
  'the trail is read, whole and in part': async (world) => {
    // Whether a page shows the query that asked for it is a matter of milliseconds.
    const asOf = world.teller.lastPosition;
    await world.ask('GET /v1/audit');
    await world.ask('GET /v1/audit', { query: { asOf, first: 200 } });
    await world.pages('GET /v1/audit', { asOf });
    await world.ask('GET /v1/audit', { query: { type: 'KeyIssued' } });
    await world.ask('GET /v1/audit', { query: { text: 'sandbox' } });
    await world.graphql('query auditTrail', { asOf });
    await world.ask('GET /v1/audit', { query: { asOf, actor: 'pat', first: 200 } });
  },
  'what is not allowed is refused, and recorded': async (world) => {
    await world.ask('GET /v1/audit', { as: 'manager' });
    await world.teller.until('GET /v1/audit', { query: { type: 'AccessDenied' } }, ({ items }) =>
      JSON.stringify(items).includes('"subject":"manager"'),
    );
    await world.ask('POST /v1/api-keys', { as: 'partnerUser' });
    await world.ask('GET /v1/networks', { as: 'stranger' });
    await world.ask('GET /v1/partners', { as: 'nobody' });
    await world.ask('GET /v1/partners', { query: { first: 0, odd: 'x' } });
  },
  'a key is revoked': async (world) => {
    await world.ask('POST /v1/api-keys/:keyId/revoke');
    await world.ask('GET /v1/me/api', { as: 'partnerUser' });
  },
};

/** What B has and A has not: as B has it, or, in A's own ledger, nobody. */
async function foreignThings(b: World | undefined): Promise<{ ids: Ids; cursor: Cursor }> {
  const nowhere = {
    networkId: B,
    partnerId: PARTNER_OF_B,
    employeeId: EMPLOYEE_OF_B,
    marketplacePartnerId: MARKETPLACE_PARTNER_OF_B,
    keyId: randomUUID(),
    shareId: randomUUID(),
    credentialId: randomUUID(),
    flagId: randomUUID(),
  };
  if (b === undefined) return { ids: nowhere, cursor: () => 'bm90IG9mIGhlcmU' };
  b.know({
    partnerId: PARTNER_OF_B,
    employeeId: EMPLOYEE_OF_B,
    marketplacePartnerId: MARKETPLACE_PARTNER_OF_B,
  });
  await b.ask('POST /v1/marketplace-partners', {
    body: { marketplacePartnerId: MARKETPLACE_PARTNER_OF_B, name: 'Only of B' },
  });
  const body = { partnerId: PARTNER_OF_B, name: 'Only of B', status: 'active' };
  await b.ask('POST /v1/partners', { body });
  await b.ask('POST /v1/networks/:networkId/employees');
  await b.ask('POST /v1/partners/:partnerId/technical-capacity/confirm');
  await b.ask('POST /v1/partners/:partnerId/traits');
  const { keyId } = await b.ask('POST /v1/api-keys');
  b.know({ keyId: text(keyId) });
  const { shareId } = await b.ask('POST /v1/api-keys/:keyId/shares');
  const { credentialId } = await b.ask('POST /v1/networks/:networkId/webhook-credentials');
  b.know({ shareId: text(shareId), credentialId: text(credentialId) });
  const { cursors } = b;
  return { ids: b.ids, cursor: (route) => cursors.get(route) ?? '' };
}
type Cursor = (route: string) => string;

const LISTS = [
  'GET /v1/networks',
  'GET /v1/networks/:networkId/employees',
  'GET /v1/partners',
  'GET /v1/marketplace-partners',
  'GET /v1/api-keys',
  'GET /v1/shares',
  'GET /v1/webhooks/dead-letters',
  'GET /v1/audit',
];

const ADMIT = 'POST /v1/networks/:networkId/employees';

/** A asks for all that is B's, each on every route that names it. */
async function askForForeign(a: World, { ids, cursor }: { ids: Ids; cursor: Cursor }) {
  const own = a.ids;
  for (const [route, naming] of Object.entries(NAMING_ROUTES)) {
    a.teller.foreign(route);
    await a.teller.ask(route, naming(ids));
    // Its own place, with somebody else's thing in it.
    const mixed = { ...ids, networkId: own.networkId };
    if (route.includes(':networkId/') && route !== ADMIT) await a.teller.ask(route, naming(mixed));
    if (route.includes(':flagId'))
      await a.teller.ask(route, naming({ ...own, flagId: ids.flagId }));
  }
  for (const [field, naming] of Object.entries(NAMING_FIELDS)) {
    a.teller.foreign(field);
    await a.teller.graphql(field, naming(ids));
  }
  for (const route of LISTS) {
    const place = NAMING_ROUTES[route]?.(own).params;
    await a.teller.ask(route, {
      query: { after: cursor(route) },
      ...(place === undefined ? {} : { params: place }),
    });
  }
  await a.ask('GET /v1/shares', { query: { partnerId: ids.partnerId } });
  await a.ask('GET /v1/audit', { query: { keyId: ids.keyId } });
  await a.ask('GET /v1/api-keys', { query: { holderType: 'partner', holderId: ids.partnerId } });
  await a.ask('POST /v1/networks', {
    as: 'manager',
    body: { networkId: ids.networkId, name: 'Taken?', region: 'us' },
  });
}

describe('a network beside another one', () => {
  let alone: TestApplication;
  let both: TestApplication;
  let inAlone: World;
  let inBoth: World;
  let b: World;

  beforeAll(async () => {
    [alone, both] = await Promise.all([testApplication(), testApplication()]);
    inAlone = new World(await Teller.of(alone, A));
    inBoth = new World(await Teller.of(both, A));
    b = new World(await Teller.of(both, B));
    for (const step of Object.values(STORY)) {
      await step(b);
      await step(inBoth);
      await step(inAlone);
    }
    const foreignInBoth = await foreignThings(b);
    await askForForeign(inBoth, foreignInBoth);
    await askForForeign(inAlone, await foreignThings(undefined));
  });
  afterAll(async () => {
    await alone.close();
    await both.close();
  });

  it('is told the same as if the other were not there: values, lists, cursors, counts, trail and errors', () => {
    expect(inBoth.teller.told.length).toBeGreaterThan(200);
    expect(inBoth.teller.told).toEqual(inAlone.teller.told);
  });

  it('had an answer from every route of the server that knows networks', () => {
    const open = PUBLIC_ROUTES.filter(
      ({ path, token }) => token === 'none' && !path.startsWith('/v1/webhooks/'),
    ).map(({ method, path }) => `${method} ${path}`);
    const routes = routesOf(both).filter((route) => !open.includes(route));
    // GraphQL is asked field by field.
    const asked = [...inBoth.teller.succeeded, 'POST /graphql'];
    expect(routes.filter((route) => !asked.includes(route))).toEqual([]);
  });

  it('had an answer from every query and mutation of GraphQL', () => {
    const fields = graphQLFieldsOf(both);
    expect(fields.length).toBeGreaterThan(20);
    expect(fields.filter((field) => !inBoth.teller.succeeded.has(field))).toEqual([]);
  });

  it('asked for somebody else’s on every route and field that names something', () => {
    const naming = routesOf(both).filter((route) => route.includes(':'));
    expect(naming.filter((route) => !inBoth.teller.askedForForeign.has(route))).toEqual([]);
  });

  it('looked at all that is described, and at nothing that is not', async () => {
    const { body } = await both.call<object>('/openapi.json');
    const described = describedRoutes(body);
    const served = routesOf(both).filter((route) => route.includes(' /v1/'));
    expect(described.filter((route) => !routesOf(both).includes(route))).toEqual([]);
    expect(served.filter((route) => !described.includes(route))).toEqual([]);
  });
});
