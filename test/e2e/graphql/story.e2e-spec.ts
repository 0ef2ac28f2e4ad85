import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import type { Issued } from './graphql-caller.js';
import { graphqlCaller, ISSUE, issueInput } from './graphql-caller.js';

interface Edges<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  readonly position: string;
}

const NETWORK = 1;
const PARTNER = 10;

describe('the story of a key through GraphQL', () => {
  let application: TestApplication;
  let ask: ReturnType<typeof graphqlCaller>;
  let sam: string;
  let pat: string;

  beforeAll(async () => {
    application = await testApplication();
    ask = graphqlCaller(application);
    sam = await application.network(NETWORK);
    pat = await application.token('pat', NETWORK);
  });
  afterAll(async () => {
    await application.close();
  });

  const must = async <T>(...[query, options]: Parameters<typeof ask>) => {
    const answered = await ask<T>(query, { as: sam, ...options });
    expect(answered.errors).toEqual([]);
    expect(answered.status).toBe(200);
    return answered;
  };
  const issue = async (partnerId: number, label?: string) =>
    (await must<Issued>(ISSUE, { variables: issueInput(partnerId, label) })).data.issueApiKey;

  it('refuses a partner that is not eligible with the explained verdict', async () => {
    await must(
      'mutation { registerPartner(input: {partnerId: "10", name: "Ten", status: active}) { position } }',
    );
    const { status, errors, data } = await ask(ISSUE, { as: sam, variables: issueInput(PARTNER) });
    expect(status).toBe(409);
    expect(data).toEqual({});
    expect(errors).toMatchObject([
      {
        path: ['issueApiKey'],
        extensions: {
          code: 'keys/partner-not-eligible',
          status: 409,
          details: { verdict: { eligible: false, blockers: [{ blocker: 'noTechnicalCapacity' }] } },
        },
      },
    ]);
  });

  it('goes from eligibility over issuing, sharing and opening to reissuing and the audit trail', async () => {
    const prepared = await must<{ assessPartnerTraits: { position: string } }>(
      `mutation($user: PartnerUserInput!) {
        confirmTechnicalCapacity(partnerId: "10", evidence: "sandbox run") { technicalCapacity { status } }
        linkPartnerUser(partnerId: "10", user: $user) { users { subject } }
        assessPartnerTraits(partnerId: "10", traits: {recurringReportRequests: true, ownTooling: true, steadyTraffic: true, goodStanding: true}) { position }
      }`,
      { variables: { user: { issuer: application.issuer.issuer, subject: 'pat' } } },
    );
    const verdict = await must(
      'query($at: Position) { partnerEligibility(partnerId: "10", atLeast: $at) { eligible blockers { blocker } } }',
      { variables: { at: prepared.data.assessPartnerTraits.position } },
    );
    expect(verdict.data).toEqual({ partnerEligibility: { eligible: true, blockers: [] } });

    const before = await must('{ myApi { available keys { keyId } } }', { as: pat });
    expect(before.data).toEqual({ myApi: { available: false, keys: null } });
    const issued = await issue(PARTNER);
    expect(issued).toMatchObject({ status: 'active', version: 1 });
    expect(issued.key).toMatch(/^kl_aff_/);

    const mine = await must<{ myApi: object }>(
      '{ me { type partnerId } myApi { available keys { keyId masked revealable } access { baseUrl headerName exampleRequest documentation { url } } } }',
      { as: pat },
    );
    expect(mine.data).toMatchObject({
      me: { type: 'partnerUser', partnerId: '10' },
      myApi: {
        available: true,
        keys: [{ keyId: issued.keyId, masked: issued.masked, revealable: true }],
      },
    });
    const own = await must<{ revealMyApiKey: { key: string } }>(
      'mutation($id: ID!) { revealMyApiKey(input: {keyId: $id}) { key position } }',
      { as: pat, variables: { id: issued.keyId } },
    );
    expect(own.data.revealMyApiKey.key).toBe(issued.key);
    const revealed = await must<{ revealApiKey: { key: string } }>(
      'mutation($id: ID!) { revealApiKey(input: {keyId: $id, purpose: support, note: "call"}) { key } }',
      { variables: { id: issued.keyId } },
    );
    expect(revealed.data.revealApiKey.key).toBe(issued.key);

    const SHARE = `mutation($id: ID!, $bound: ShareBound!) {
      shareApiKey(input: {keyId: $id, recipient: {type: holderUsers}, channel: email, reason: "hand-over", bound: $bound})
        { shareId link token passphrase expiresAt position } }`;
    interface Shared {
      readonly shareApiKey: {
        readonly shareId: string;
        readonly token: string;
        readonly passphrase: string | null;
        readonly position: string;
      };
    }
    const first = await must<Shared>(SHARE, { variables: { id: issued.keyId, bound: 'users' } });
    const second = await must<Shared>(SHARE, { variables: { id: issued.keyId, bound: 'users' } });
    const open =
      'mutation($token: String!) { openShare(input: {token: $token}) { key portal access { baseUrl } position } }';
    const ended = await ask(open, { as: pat, variables: { token: first.data.shareApiKey.token } });
    expect(ended.status).toBe(410);
    const opened = await must<{ openShare: { key: string; position: string } }>(open, {
      as: pat,
      variables: { token: second.data.shareApiKey.token },
    });
    expect(opened.data.openShare.key).toBe(issued.key);
    const again = await ask(open, { as: pat, variables: { token: second.data.shareApiKey.token } });
    expect(again.status).toBe(410);

    const shares = await must<{ shares: Edges<{ status: string }> }>(
      `query($id: ID, $at: Position) { shares(keyId: $id, atLeast: $at) {
        edges { cursor node { shareId status opened { by { type reference } } ended { reason } apiKey { keyId partner { name } verdict { eligible } } } }
        pageInfo { hasNextPage } position } }`,
      { variables: { id: issued.keyId, at: opened.data.openShare.position } },
    );
    expect(shares.data.shares.edges.map(({ node }) => node)).toMatchObject([
      {
        shareId: second.data.shareApiKey.shareId,
        status: 'opened',
        opened: { by: { type: 'partnerUser' } },
        apiKey: { keyId: issued.keyId, partner: { name: 'Ten' }, verdict: { eligible: true } },
      },
      { status: 'ended', ended: { reason: 'reshared' } },
    ]);

    const stale = await ask(
      'mutation($id: ID!) { reissueApiKey(input: {keyId: $id, reason: leaked, ifMatch: 99}) { keyId } }',
      { as: sam, variables: { id: issued.keyId } },
    );
    expect([stale.status, stale.errors[0]?.extensions.code]).toEqual([
      412,
      'request/precondition-failed',
    ]);
    const reissued = await must<{
      reissueApiKey: { keyId: string; key: string; replaces: string; position: string };
    }>(
      'mutation($id: ID!) { reissueApiKey(input: {keyId: $id, reason: leaked}) { keyId key replaces position } }',
      { variables: { id: issued.keyId } },
    );
    const { keyId, replaces, key, position } = reissued.data.reissueApiKey;
    expect(replaces).toBe(issued.keyId);
    expect(key).not.toBe(issued.key);

    const then = await must<{ now: object; then: object }>(
      `query($id: ID!, $at: Position, $asOf: String) {
        now: apiKey(keyId: $id, atLeast: $at) { status replacedBy revocation { reason by { subject } } partner { partnerId } }
        then: apiKey(keyId: $id, asOf: $asOf) { status revocation { reason } partner { apiKeys { edges { node { keyId status } } } } } }`,
      { variables: { id: issued.keyId, at: position, asOf: issued.position } },
    );
    expect(then.data).toMatchObject({
      now: {
        status: 'revoked',
        replacedBy: keyId,
        revocation: { reason: 'leaked', by: { subject: 'super-1' } },
        partner: { partnerId: '10' },
      },
      then: {
        status: 'active',
        revocation: null,
        partner: { apiKeys: { edges: [{ node: { keyId: issued.keyId, status: 'active' } }] } },
      },
    });

    const changed = await must(
      `mutation($id: ID!) {
        suspendApiKey(input: {keyId: $id, reason: "odd traffic"}) { status version position }
        reinstateApiKey(input: {keyId: $id, reason: "explained"}) { status version }
        relabelApiKey(input: {keyId: $id, label: "Dashboard"}) { label }
        suspendKeyRing(input: {portal: affiliate, holder: {type: partner, id: "10"}, reason: "review"}) { keys { keyId status } position }
        reinstateKeyRing(input: {portal: affiliate, holder: {type: partner, id: "10"}, reason: "done"}) { keys { keyId status } }
        revokeApiKey(input: {keyId: $id, reason: unused}) { status position } }`,
      { variables: { id: keyId } },
    );
    expect(changed.data).toMatchObject({
      suspendApiKey: { status: 'suspended' },
      reinstateApiKey: { status: 'active' },
      relabelApiKey: { label: 'Dashboard' },
      revokeApiKey: { status: 'revoked' },
    });
    const gone = await must('{ myApi { available } }', { as: pat });
    expect(gone.data).toEqual({ myApi: { available: false } });

    const audit = `query($at: Position, $after: String) { auditTrail(partnerId: "10", first: 4, after: $after, atLeast: $at) {
      edges { cursor node { position action outcome actor { type subject } target { kind id } before after } } pageInfo { endCursor hasNextPage } position } }`;
    const told: { action: string }[] = [];
    let after: string | null = null;
    let cursors: string[] = [];
    do {
      const page: { data: { auditTrail: Edges<{ action: string }> } } = await must(audit, {
        variables: { at: gone.position, after },
      });
      const { edges, pageInfo } = page.data.auditTrail;
      expect(edges.at(-1)?.cursor).toBe(pageInfo.endCursor);
      told.push(...edges.map(({ node }) => node));
      cursors = [...cursors, ...edges.map(({ cursor }) => cursor)];
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(new Set(cursors).size).toBe(told.length);
    expect(told.map(({ action }) => action).reverse()).toEqual([
      'PartnerRegistered',
      'TechnicalCapacityConfirmed',
      'IdentityReserved',
      'PartnerUserLinked',
      'PartnerTraitsAssessed',
      'KeyIssued',
      'KeyRevealed',
      'KeyRevealed',
      'KeyShared',
      'ShareEnded',
      'KeyShared',
      'ShareOpened',
      'KeyRevoked',
      'KeyIssued',
      'KeySuspended',
      'KeyReinstated',
      'KeyRelabeled',
      'HolderSuspended',
      'KeySuspended',
      'HolderReinstated',
      'KeyReinstated',
      'KeyRevoked',
    ]);
  });

  it('pages by the cursor of any edge, in both REST and GraphQL', async () => {
    await application.eligiblePartner(sam, 20);
    const one = await issue(20, 'one');
    const two = await issue(20, 'two');
    const LIST =
      'query($after: String, $at: Position) { apiKeys(partnerId: "20", first: 1, after: $after, atLeast: $at) { edges { cursor node { keyId } } pageInfo { hasNextPage endCursor } position } }';
    type List = { readonly apiKeys: Edges<{ readonly keyId: string }> };
    const newest = (await must<List>(LIST, { variables: { at: two.position } })).data.apiKeys;
    expect(newest.edges.map(({ node }) => node.keyId)).toEqual([two.keyId]);
    expect(newest.pageInfo.hasNextPage).toBe(true);
    expect(BigInt(newest.position)).toBeGreaterThanOrEqual(BigInt(two.position));
    const cursor = newest.edges[0]?.cursor ?? '';
    const next = (await must<List>(LIST, { variables: { after: cursor } })).data.apiKeys;
    expect(next).toMatchObject({
      edges: [{ node: { keyId: one.keyId } }],
      pageInfo: { hasNextPage: false },
    });
    const rest = await application.call<{ items: { keyId: string }[] }>(
      `/v1/api-keys?partnerId=20&after=${cursor}`,
      { as: sam },
    );
    expect(rest.body.items.map(({ keyId }) => keyId)).toEqual([one.keyId]);
  });

  it('imports records of the vendor, each judged by itself', async () => {
    const record = JSON.stringify({ affiliate_id: 3001 });
    const { data } = await must<{ importPartners: { results: { outcome: string }[] } }>(
      'mutation($records: [String!]!) { importPartners(input: {records: $records}) { results { partnerId outcome refusal { pointer reason } } position } }',
      { variables: { records: [record, '{'] } },
    );
    expect(data.importPartners.results).toHaveLength(2);
    expect(data.importPartners.results[1]).toMatchObject({ partnerId: null, outcome: 'refused' });
  });

  it('carries out a retry under one Idempotency-Key once, and each alias by itself', async () => {
    await application.eligiblePartner(sam, 30);
    const twice = `mutation($input: IssueApiKeyInput!) {
      a: issueApiKey(input: $input) { keyId key } b: issueApiKey(input: $input) { keyId key } }`;
    const send = (label: string) =>
      ask<{ a: { keyId: string; key: string }; b: { keyId: string; key: string } }>(twice, {
        as: sam,
        variables: issueInput(30, label),
        headers: { 'idempotency-key': 'story-1' },
      });
    const first = await send('Reporting');
    expect(first.errors).toEqual([]);
    expect(first.data.a.keyId).not.toBe(first.data.b.keyId);
    const again = await send('Reporting');
    expect(again.errors).toEqual([]);
    expect(again.data).toEqual(first.data);
    const other = await send('Another label');
    expect(other.errors.map(({ extensions }) => extensions.status)).toEqual([422]);
  });
});
