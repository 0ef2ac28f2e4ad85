import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import { graphqlCaller, ISSUE, issueInput, type Issued } from './graphql-caller.js';

const NETWORK = 1;
const OTHER = 2;
const MARKETPLACE_PARTNER = '31';
const FIELDS = 'marketplacePartnerId name connections users { issuer subject } position';

interface Listed<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  readonly position: string;
}
interface ConnectionKey {
  readonly partnerId: string;
  readonly keyId: string;
  readonly masked: string;
}
interface Changed {
  readonly name: string;
  readonly connections: readonly string[];
  readonly users: readonly object[];
  readonly position: string;
}

describe('marketplace partners through GraphQL', () => {
  let application: TestApplication;
  let ask: ReturnType<typeof graphqlCaller>;
  let sam: string;
  let kim: string;
  let mia: string;
  const keys: Issued['issueApiKey'][] = [];
  let user: object;

  const must = async <T>(...[query, options]: Parameters<typeof ask>) => {
    const answered = await ask<T>(query, { as: sam, ...options });
    expect(answered.errors).toEqual([]);
    expect(answered.status).toBe(200);
    return answered;
  };
  const change = async (field: string, args: string, variables: object = {}) => {
    const declared = 'user' in variables ? '($user: PartnerUserInput!)' : '';
    const { data, position } = await must<Readonly<Record<string, Changed>>>(
      `mutation${declared} { ${field}(${args}) { ${FIELDS} } }`,
      { variables: { ...variables } },
    );
    const changed = data[field];
    expect(changed?.position).toBe(position);
    return changed;
  };
  const listed = async (query: string, options: Parameters<typeof ask>[1] = {}) => {
    const { data } = await must<Readonly<Record<string, Listed<ConnectionKey>>>>(query, options);
    const [list] = Object.values(data);
    if (!list) throw new Error('no list was answered');
    return list;
  };
  const code = async (...[query, options]: Parameters<typeof ask>) => {
    const { status, errors } = await ask(query, options);
    return [status, errors[0]?.extensions.code];
  };
  const OWN = `{ myConnectionKeys { edges { cursor node { partnerId keyId label masked issuedAt expiresAt position } } pageInfo { hasNextPage endCursor } position } }`;

  beforeAll(async () => {
    application = await testApplication();
    ask = graphqlCaller(application);
    sam = await application.network(NETWORK);
    kim = await application.network(OTHER);
    mia = await application.token('mia', NETWORK);
    user = { issuer: application.issuer.issuer, subject: 'mia' };
    for (const partnerId of [7, 8]) {
      await application.eligiblePartner(sam, partnerId);
      const issued = await ask<Issued>(ISSUE, { as: sam, variables: issueInput(partnerId) });
      keys.push(issued.data.issueApiKey);
    }
  });
  afterAll(async () => {
    await application.close();
  });

  it('are registered, read and listed, also as they were', async () => {
    const registered = await change(
      'registerMarketplacePartner',
      `input: {marketplacePartnerId: "${MARKETPLACE_PARTNER}", name: "Bazaar"}`,
    );
    expect(registered).toMatchObject({ name: 'Bazaar', connections: [], users: [] });
    const at = registered?.position;
    const { position: both } = await must(
      'mutation { registerMarketplacePartner(input: {marketplacePartnerId: "32", name: "Souk"}) { position } }',
    );
    const one =
      'query($at: Position) { marketplacePartner(marketplacePartnerId: "31", atLeast: $at)';
    const { data } = await must(`${one} { name } }`, { variables: { at } });
    expect(data).toEqual({ marketplacePartner: { name: 'Bazaar' } });

    const page =
      'query($first: Int!, $after: String, $both: Position) { marketplacePartners(first: $first, after: $after, atLeast: $both) { edges { node { marketplacePartnerId } } pageInfo { endCursor hasNextPage } position } }';
    const first = await listed(page, { variables: { first: 1, both } });
    expect(first.pageInfo.hasNextPage).toBe(true);
    const after = first.pageInfo.endCursor;
    const second = await listed(page, { variables: { first: 1, after, both } });
    expect([...first.edges, ...second.edges].map(({ node }) => node)).toEqual([
      { marketplacePartnerId: '31' },
      { marketplacePartnerId: '32' },
    ]);
    expect(second.pageInfo.hasNextPage).toBe(false);
    const before = await listed(
      'query($at: String) { marketplacePartners(asOf: $at) { edges { node { marketplacePartnerId position } } } }',
      { variables: { at } },
    );
    expect(before.edges.map(({ node }) => node)).toMatchObject([{ marketplacePartnerId: '31' }]);
  });

  it('are connected to partners, and their users linked', async () => {
    await change('connectMarketplacePartner', 'marketplacePartnerId: "31", partnerId: "7"');
    const connected = await change(
      'connectMarketplacePartner',
      'marketplacePartnerId: "31", partnerId: "8"',
    );
    expect(connected?.connections).toEqual(['7', '8']);
    const linked = await change('linkMarketplaceUser', 'marketplacePartnerId: "31", user: $user', {
      user,
    });
    expect(linked?.users).toEqual([user]);
    const me = await must('{ me { type marketplacePartnerId partnerId } }', { as: mia });
    expect(me.data).toEqual({
      me: { type: 'partnerUser', marketplacePartnerId: '31', partnerId: null },
    });
  });

  it('list the keys of their connections, masked, as employees of the network may too', async () => {
    const own = await listed(OWN, { as: mia });
    expect(own.edges.map(({ node }) => [node.partnerId, node.keyId, node.masked])).toEqual(
      [...keys].reverse().map(({ keyId, masked }, at) => [['8', '7'][at], keyId, masked]),
    );
    const query =
      'query($first: Int!, $after: String) { connectionKeys(marketplacePartnerId: "31", first: $first, after: $after) { edges { cursor node { partnerId } } pageInfo { endCursor hasNextPage } } }';
    const first = await listed(query, { variables: { first: 1 } });
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(first.pageInfo.endCursor).toBe(first.edges[0]?.cursor);
    const second = await listed(query, {
      variables: { first: 1, after: first.pageInfo.endCursor },
    });
    expect([...first.edges, ...second.edges].map(({ node }) => node.partnerId)).toEqual(['8', '7']);
    const before = await listed(
      'query($at: String) { connectionKeys(marketplacePartnerId: "31", asOf: $at) { edges { node { partnerId } } } }',
      { variables: { at: keys[0]?.position } },
    );
    expect(before.edges.map(({ node }) => node.partnerId)).toEqual(['7']);
  });

  it('show secrets only where the key policy says so, once recorded, and the same to a retry', async () => {
    const reveal =
      'mutation($after: String) { revealMyConnectionKeys(first: 1, after: $after) { items { partnerId keyId label key } pageInfo { endCursor hasNextPage } position } }';
    expect(await code(reveal, { as: mia })).toEqual([409, 'keys/marketplace-secrets-not-listed']);
    const { data: network } = await must<{ network: { keyPolicy: object } }>(
      '{ network(networkId: "1") { keyPolicy { keyPrefix activeKeysMax marketplaceSecretsListed suspendOnFlag shareTtlSeconds { default max } eligibility { threshold weights { recurringReportRequests ownTooling steadyTraffic subIdGranularity bulkPostbacks goodStanding } } } } }',
    );
    await must(
      'mutation($policy: KeyPolicyInput!) { setKeyPolicy(networkId: "1", policy: $policy) { position } }',
      { variables: { policy: { ...network.network.keyPolicy, marketplaceSecretsListed: true } } },
    );
    interface Revealed {
      readonly revealMyConnectionKeys: {
        readonly items: readonly { readonly partnerId: string; readonly key: string }[];
        readonly pageInfo: Listed<unknown>['pageInfo'];
        readonly position: string;
      };
    }
    const call = { as: mia, headers: { 'idempotency-key': 'all-of-mine' } };
    const first = (await must<Revealed>(reveal, call)).data.revealMyConnectionKeys;
    expect((await must<Revealed>(reveal, call)).data.revealMyConnectionKeys).toEqual(first);
    const second = await must<Revealed>(reveal, {
      as: mia,
      variables: { after: first.pageInfo.endCursor },
    });
    expect(
      [...first.items, ...second.data.revealMyConnectionKeys.items].map(({ key }) => key),
    ).toEqual(keys.map(({ key }) => key));
    expect(second.data.revealMyConnectionKeys.pageInfo.hasNextPage).toBe(false);
    const trail = await must<{ auditTrail: Listed<{ actor: { subject: string } }> }>(
      'query($at: Position) { auditTrail(type: "KeyRevealed", atLeast: $at) { edges { node { actor { subject } } } } }',
      { variables: { at: second.data.revealMyConnectionKeys.position } },
    );
    expect(trail.data.auditTrail.edges.map(({ node }) => node.actor.subject)).toEqual([
      'mia',
      'mia',
    ]);
  });

  it('are refused what is not theirs, and another network is told as if they had never been', async () => {
    expect(await code(OWN, { as: sam })).toEqual([403, 'access/forbidden']);
    for (const query of [
      '{ marketplacePartners { position } }',
      '{ connectionKeys(marketplacePartnerId: "31") { position } }',
      'mutation { connectMarketplacePartner(marketplacePartnerId: "31", partnerId: "7") { position } }',
    ])
      expect(await code(query, { as: mia })).toEqual([403, 'access/forbidden']);
    for (const query of [
      '{ marketplacePartner(marketplacePartnerId: "31") { name } }',
      '{ connectionKeys(marketplacePartnerId: "31") { position } }',
      'mutation { connectMarketplacePartner(marketplacePartnerId: "31", partnerId: "7") { name } }',
    ]) {
      const foreign = await ask(query, { as: kim });
      const never = await ask(query.replace('"31"', '"4711"'), { as: kim });
      const told = ({ status, errors }: typeof foreign) => [
        status,
        errors.map(({ message, extensions }) => [message, extensions.code]),
      ];
      expect(foreign.status).toBe(404);
      expect(told(foreign)).toEqual(told(never));
    }
    for (const id of ['0', 'x', '1e3'])
      expect(
        await code(`{ marketplacePartner(marketplacePartnerId: "${id}") { name } }`, { as: sam }),
      ).toEqual([400, 'request/invalid']);
    expect(
      await code('mutation { revealMyConnectionKeys(first: 21) { position } }', { as: mia }),
    ).toEqual([400, 'request/invalid']);
  });

  it('lose a connection, and a user, at once', async () => {
    const left = await change(
      'disconnectMarketplacePartner',
      'marketplacePartnerId: "31", partnerId: "8", reason: "left the marketplace"',
    );
    expect(left?.connections).toEqual(['7']);
    expect((await listed(OWN, { as: mia })).edges.map(({ node }) => node.partnerId)).toEqual(['7']);
    const unlinked = await change(
      'unlinkMarketplaceUser',
      'marketplacePartnerId: "31", user: $user',
      { user },
    );
    expect(unlinked?.users).toEqual([]);
    expect((await ask(OWN, { as: mia })).status).toBe(403);
  });
});
