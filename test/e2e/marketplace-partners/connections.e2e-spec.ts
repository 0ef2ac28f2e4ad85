import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answered, TestApplication } from '../../support/application.js';
import { testApplication } from '../../support/application.js';

interface Listed {
  readonly items: readonly {
    readonly partnerId: number;
    readonly keyId: string;
    readonly masked?: string;
    readonly key?: string;
  }[];
  readonly page: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

const NETWORK = 101;
const OTHER = 202;
const OWN_KEYS = '/v1/me/connections/api-keys';
const OWN_SECRETS = `${OWN_KEYS}/reveal`;

describe('connections of a marketplace partner', () => {
  let product: TestApplication;
  let boss: string;
  let otherBoss: string;
  let mia: string;
  const secrets = new Map<number, string>();

  const must = async (url: string, as: string, body?: unknown): Promise<Answered> => {
    const answered = await product.call(url, { as, ...(body === undefined ? {} : { body }) });
    if (answered.status >= 300)
      throw new Error(`${url}: ${String(answered.status)} ${answered.text}`);
    return answered;
  };
  const issue = (as: string, portal: string, type: string, id: number) =>
    product.call('/v1/api-keys', {
      as,
      body: { portal, holder: { type, id }, label: `of ${String(id)}` },
    });
  const policy = (marketplaceSecretsListed: boolean) =>
    product.call(`/v1/networks/${String(NETWORK)}/key-policy`, {
      method: 'PUT',
      as: boss,
      body: {
        keyPrefix: 'kl',
        activeKeysMax: 2,
        eligibility: { threshold: 4, weights: WEIGHTS },
        marketplaceSecretsListed,
        shareTtlSeconds: { default: 86_400, max: 604_800 },
        suspendOnFlag: true,
      },
    });
  const listed = (as: string, atLeast: string, url = OWN_KEYS) =>
    product.call<Listed>(`${url}?atLeast=${atLeast}`, { as });
  const problem = ({ status, body }: Answered) => ({ status, code: body['code'] });

  beforeAll(async () => {
    product = await testApplication();
    boss = await product.network(NETWORK);
    otherBoss = await product.network(OTHER);
    mia = await product.token('mia', NETWORK);
    for (const [as, partners] of [
      [boss, [7, 8, 9]],
      [otherBoss, [7]],
    ] as const)
      for (const partner of partners) {
        await product.eligiblePartner(as, partner);
        const { body } = await must('/v1/api-keys', as, {
          portal: 'affiliate',
          holder: { type: 'partner', id: partner },
          label: 'Reporting',
        });
        if (as === boss) secrets.set(partner, String(body['key']));
      }
    await must('/v1/marketplace-partners', boss, { marketplacePartnerId: 31, name: 'Bazaar' });
    await must('/v1/marketplace-partners/31/users', boss, {
      issuer: product.issuer.issuer,
      subject: 'mia',
    });
    await must('/v1/marketplace-partners/31/connections', boss, { partnerId: 7 });
    await must('/v1/marketplace-partners/31/connections', boss, { partnerId: 8 });
  });
  afterAll(() => product.close());

  it('gives a marketplace key to a registered marketplace partner only, without any verdict', async () => {
    const unknown = await issue(boss, 'marketplace', 'marketplacePartner', 32);
    expect(problem(unknown)).toEqual({ status: 404, code: 'keys/holder-not-found' });
    const issued = await issue(boss, 'marketplace', 'marketplacePartner', 31);
    expect(issued.status).toBe(201);
    expect(String(issued.body['key'])).toMatch(/^kl_mkt_/);
    // Registered with one network is registered with no other.
    const elsewhere = await issue(otherBoss, 'marketplace', 'marketplacePartner', 31);
    expect(problem(elsewhere)).toEqual({ status: 404, code: 'keys/holder-not-found' });
  });

  it('lists the keys of its own connections, masked, to its users and to employees who read keys', async () => {
    const { position } = await must('/v1/marketplace-partners/31', boss);
    for (const [as, url] of [
      [mia, OWN_KEYS],
      [boss, '/v1/marketplace-partners/31/api-keys'],
    ] as const) {
      const { status, body, text } = await listed(as, position, url);
      expect(status).toBe(200);
      expect(body.items.map(({ partnerId }) => partnerId)).toEqual([8, 7]);
      expect(body.items.every(({ masked }) => masked?.startsWith('kl_aff_…'))).toBe(true);
      for (const secret of secrets.values()) expect(text).not.toContain(secret);
    }
  });

  it('pages without a key twice or missing', async () => {
    const one = await product.call<Listed>(`${OWN_KEYS}?first=1`, { as: mia });
    expect(one.body.page.hasNextPage).toBe(true);
    const two = await product.call<Listed>(
      `${OWN_KEYS}?first=1&after=${String(one.body.page.endCursor)}`,
      { as: mia },
    );
    expect(two.body.page.hasNextPage).toBe(false);
    expect([...one.body.items, ...two.body.items].map(({ partnerId }) => partnerId)).toEqual([
      8, 7,
    ]);
  });

  it('shows no secret unless the key policy says so, and records each that it shows', async () => {
    const off = await product.call(OWN_SECRETS, { as: mia, body: {} });
    expect(problem(off)).toEqual({ status: 409, code: 'keys/marketplace-secrets-not-listed' });
    expect((await policy(true)).status).toBe(200);

    const first = await product.call<Listed>(OWN_SECRETS, { as: mia, body: { first: 1 } });
    expect(first.body.items.map(({ key }) => key)).toEqual([secrets.get(7)]);
    const after = first.body.page.endCursor;
    const call = { as: mia, body: { after }, headers: { 'idempotency-key': 'listing-1' } };
    const second = await product.call<Listed>(OWN_SECRETS, call);
    expect(second.body.items.map(({ key }) => key)).toEqual([secrets.get(8)]);
    expect(second.headers['cache-control']).toBe('no-store');
    // A retry shows the same and records nothing new.
    expect((await product.call<Listed>(OWN_SECRETS, call)).body).toEqual(second.body);

    const { body } = await product.call<{
      items: { type: string; partnerId: number; actor: { subject: string } }[];
    }>(`/v1/audit?type=KeyRevealed&atLeast=${second.position}`, { as: boss });
    expect(body.items.map(({ partnerId, actor }) => [partnerId, actor.subject])).toEqual([
      [8, 'mia'],
      [7, 'mia'],
    ]);
    expect((await policy(false)).status).toBe(200);
    expect(problem(await product.call(OWN_SECRETS, { as: mia, body: {} })).status).toBe(409);
  });

  it('lets its users do nothing else, and nobody else do this', async () => {
    for (const url of ['/v1/api-keys', '/v1/partners', '/v1/marketplace-partners/31', '/v1/audit'])
      expect((await product.call(url, { as: mia })).status).toBe(403);
    expect((await product.call('/v1/marketplace-partners/31/api-keys', { as: mia })).status).toBe(
      403,
    );
    expect((await product.call('/v1/me/api', { as: mia })).status).toBe(403);
    expect((await product.call(OWN_KEYS, { as: boss })).status).toBe(403);
    expect((await product.call(OWN_SECRETS, { as: boss, body: {} })).status).toBe(403);
    const me = await product.call('/v1/me', { as: mia });
    expect(me.body).toMatchObject({ type: 'partnerUser', marketplacePartnerId: 31 });
  });

  it('refuses a limited manager the list of its keys as it refuses the marketplace partner itself', async () => {
    await must(`/v1/networks/${String(NETWORK)}/employees`, boss, {
      employeeId: 21,
      issuer: product.issuer.issuer,
      subject: 'dana',
      superUser: false,
      permissions: ['partners.read', 'partner.api_keys.read'],
      scope: 'limited',
    });
    const dana = await product.token('dana', NETWORK);
    expect((await product.call('/v1/api-keys', { as: dana })).status).toBe(200);
    for (const id of [31, 4711])
      for (const path of ['', '/api-keys']) {
        const refused = await product.call(`/v1/marketplace-partners/${String(id)}${path}`, {
          as: dana,
        });
        expect([refused.status, refused.body['code'], refused.body['details']]).toEqual([
          403,
          'access/forbidden',
          { required: 'global-scope' },
        ]);
      }
    const query = '{ connectionKeys(marketplacePartnerId: "31", first: 1) { edges { cursor } } }';
    const { body } = await product.call<{ errors?: { extensions: object }[] }>('/graphql', {
      as: dana,
      body: { query },
    });
    expect(body.errors?.[0]?.extensions).toMatchObject({ code: 'access/forbidden' });
  });

  it('answers another network as if the marketplace partner had never been', async () => {
    for (const path of ['', '/api-keys']) {
      const there = await product.call(`/v1/marketplace-partners/31${path}`, { as: otherBoss });
      const never = await product.call(`/v1/marketplace-partners/4711${path}`, { as: otherBoss });
      const comparable = ({ status, body }: Answered) => ({
        status,
        ...body,
        correlationId: undefined,
      });
      expect(there.status).toBe(404);
      expect(comparable(there)).toEqual(comparable(never));
    }
    const list = await product.call<Listed>('/v1/marketplace-partners', { as: otherBoss });
    expect(list.body.items).toEqual([]);
    const stranger = await product.call(OWN_KEYS, { as: await product.token('mia', OTHER) });
    expect(stranger.status).toBe(403);
  });

  it('connects to partners of its own network only', async () => {
    const unknown = await product.call('/v1/marketplace-partners/31/connections', {
      as: boss,
      body: { partnerId: 4711 },
    });
    expect(problem(unknown)).toEqual({ status: 404, code: 'partners/not-found' });
  });

  it('ends with the connection, and with the user, at once', async () => {
    await policy(true);
    await must('/v1/marketplace-partners/31/connections/remove', boss, {
      partnerId: 8,
      reason: 'left the marketplace',
    });
    const { body } = await product.call<Listed>(OWN_KEYS, { as: mia });
    expect(body.items.map(({ partnerId }) => partnerId)).toEqual([7]);
    const revealed = await product.call<Listed>(OWN_SECRETS, { as: mia, body: {} });
    expect(revealed.body.items.map(({ partnerId }) => partnerId)).toEqual([7]);
    await must('/v1/marketplace-partners/31/users/unlink', boss, {
      issuer: product.issuer.issuer,
      subject: 'mia',
    });
    expect((await product.call(OWN_KEYS, { as: mia })).status).toBe(403);
    // The identity is free again for somebody else in the network.
    await must('/v1/partners/9/users', boss, { issuer: product.issuer.issuer, subject: 'mia' });
  });
});

describe('keys of the network itself', () => {
  let product: TestApplication;
  let boss: string;
  beforeAll(async () => {
    product = await testApplication();
    boss = await product.network(NETWORK);
  });
  afterAll(() => product.close());

  it('ask for a permission of their own, beside the one for keys of partners', async () => {
    const employee = async (employeeId: number, subject: string, permissions: string[]) => {
      const { status } = await product.call(`/v1/networks/${String(NETWORK)}/employees`, {
        as: boss,
        body: {
          employeeId,
          issuer: product.issuer.issuer,
          subject,
          superUser: false,
          permissions,
          scope: 'global',
        },
      });
      expect(status).toBe(201);
      return product.token(subject, NETWORK);
    };
    const partners = await employee(5, 'partners', [
      'partner.api_keys.manage',
      'partner.api_keys.reveal',
    ]);
    const networks = await employee(6, 'networks', ['network.api_keys.manage']);
    const issue = (as: string, portal: string, type: string, id: number) =>
      product.call('/v1/api-keys', { as, body: { portal, holder: { type, id }, label: 'one' } });
    const revoke = (as: string, keyId: unknown) =>
      product.call(`/v1/api-keys/${String(keyId)}/revoke`, { as, body: { reason: 'other' } });

    expect((await issue(partners, 'network', 'network', NETWORK)).status).toBe(403);
    expect((await issue(boss, 'network', 'network', NETWORK)).status).toBe(201);
    const network = await issue(networks, 'network', 'network', NETWORK);
    expect(network.status).toBe(201);
    expect((await issue(networks, 'advertiser', 'advertiser', 3)).status).toBe(403);
    const advertiser = await issue(partners, 'advertiser', 'advertiser', 3);
    expect(advertiser.status).toBe(201);

    expect((await revoke(partners, network.body['keyId'])).status).toBe(403);
    expect((await revoke(networks, advertiser.body['keyId'])).status).toBe(403);
    expect((await revoke(networks, network.body['keyId'])).status).toBe(200);
    expect((await revoke(partners, advertiser.body['keyId'])).status).toBe(200);
  });
});

const WEIGHTS = {
  recurringReportRequests: 1,
  ownTooling: 1,
  steadyTraffic: 1,
  subIdGranularity: 1,
  bulkPostbacks: 1,
  goodStanding: 1,
};
