import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answered, Call, TestApplication } from '#test/application';
import { testApplication } from '#test/application';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const POLL_TIMEOUT_MS = 60_000;
const RACES = 12;

type Who = 'clerk' | 'keeper' | 'kim' | 'nobody' | 'operator' | 'sam';

/** REST and GraphQL, refused or not: `asked`, by whom, and how it is answered. */
interface Case {
  readonly name: string;
  readonly as?: Who;
  readonly url: string;
  readonly call?: Omit<Call, 'as'>;
  readonly answer: readonly [status: number, code?: string];
}

const graphql = (
  name: string,
  query: string,
  answer: Case['answer'],
  more: Partial<Case> = {},
): Case => ({ name, url: '/graphql', call: { body: { query } }, answer, ...more });
const issue = (partnerId: number, label = 'Reporting') => ({
  portal: 'affiliate',
  holder: { type: 'partner', id: partnerId },
  label,
});

const CASES: readonly Case[] = [
  { name: 'a list', url: '/v1/partners', answer: [200] },
  { name: 'a thing', url: '/v1/partners/1', answer: [200] },
  { name: 'who one is', url: '/v1/me', answer: [200] },
  {
    name: 'a body that is no JSON',
    url: '/v1/api-keys',
    call: { body: '{' },
    answer: [400, 'request/malformed-json'],
  },
  {
    name: 'wrong fields',
    url: '/v1/api-keys',
    call: { body: { portal: 'x' } },
    answer: [400, 'request/invalid'],
  },
  {
    name: 'a wrong query parameter',
    url: '/v1/partners?first=0',
    answer: [400, 'request/invalid'],
  },
  {
    name: 'a cursor that is none',
    url: '/v1/partners?after=x',
    answer: [400, 'request/invalid-cursor'],
  },
  {
    name: 'an Idempotency-Key that is none',
    url: '/v1/api-keys',
    call: { body: issue(1), headers: { 'idempotency-key': 'a b' } },
    answer: [400, 'request/idempotency-key-invalid'],
  },
  {
    name: 'an operator’s wrong fields',
    as: 'operator',
    url: '/v1/networks',
    call: { body: {} },
    answer: [400, 'request/invalid'],
  },
  {
    name: 'a right that is missing',
    as: 'clerk',
    url: '/v1/api-keys',
    answer: [403, 'access/forbidden'],
  },
  {
    name: 'an identity that is nobody here',
    as: 'nobody',
    url: '/v1/partners',
    answer: [403, 'access/not-linked'],
  },
  {
    name: 'a path that is not there',
    url: '/v1/nothing-here',
    answer: [404, 'request/not-found'],
  },
  {
    name: 'a path that is not there, for an operator',
    as: 'operator',
    url: '/v1/nothing-here',
    answer: [404, 'request/not-found'],
  },
  {
    name: 'a thing that is not there',
    url: `/v1/api-keys/${UNKNOWN}`,
    answer: [404, 'keys/key-not-found'],
  },
  {
    name: 'a change of what is not there',
    url: `/v1/api-keys/${UNKNOWN}/revoke`,
    call: { body: { reason: 'other' } },
    answer: [404, 'keys/key-not-found'],
  },
  {
    name: 'a network that is not there, for an operator',
    as: 'operator',
    url: '/v1/networks/77',
    answer: [404, 'networks/not-found'],
  },
  {
    name: 'a method that is not there',
    url: '/v1/partners/1',
    call: { method: 'DELETE' },
    answer: [405, 'request/method-not-allowed'],
  },
  {
    name: 'what the ledger forbids',
    url: '/v1/api-keys',
    call: { body: issue(2) },
    answer: [409, 'keys/partner-not-eligible'],
  },
  {
    name: 'what is there already, for an operator',
    as: 'operator',
    url: '/v1/networks',
    call: { body: { networkId: 1, name: 'Another', region: 'eu' } },
    answer: [409, 'networks/already-exists'],
  },
  {
    name: 'a body too large',
    url: '/v1/api-keys',
    call: { body: { label: 'x'.repeat(1_100_000) } },
    answer: [413, 'request/body-too-large'],
  },
  {
    name: 'another media type',
    url: '/v1/api-keys',
    call: { body: 'x', headers: { 'content-type': 'text/plain' } },
    answer: [415, 'request/unsupported-media-type'],
  },
  {
    name: 'read models that are behind',
    url: '/v1/partners?atLeast=999999999',
    answer: [503, 'projections/stale-read'],
  },
  graphql('a field', '{ partners { position } }', [200]),
  graphql('a field of the schema', '{ __schema { queryType { name } } }', [200]),
  graphql('no field of the ledger', '{ __typename }', [200]),
  graphql('a field of the schema, for an operator', '{ __typename }', [200], { as: 'operator' }),
  graphql('a thing that is not there, in GraphQL', `{ apiKey(keyId: "${UNKNOWN}") { label } }`, [
    404,
    'keys/key-not-found',
  ]),
  graphql(
    'a thing that is not there beside one that is, in GraphQL',
    `{ partners { position } apiKey(keyId: "${UNKNOWN}") { label } }`,
    [404, 'keys/key-not-found'],
  ),
  graphql(
    'a change of what is not there, in GraphQL',
    `mutation { revokeApiKey(input: { keyId: "${UNKNOWN}", reason: other }) { status } }`,
    [404, 'keys/key-not-found'],
  ),
  graphql(
    'a right that is missing, in GraphQL',
    '{ apiKeys { position } }',
    [403, 'access/forbidden'],
    { as: 'clerk' },
  ),
  graphql(
    'a list whose things say only in part what is asked of them',
    '{ apiKeys { edges { node { label partner { name } } } } }',
    [200, 'access/forbidden'],
    { as: 'keeper' },
  ),
  graphql('a document that does not parse', '{', [400, 'request/graphql-invalid']),
  graphql('a field that is not there', '{ tail }', [400, 'request/graphql-invalid']),
  graphql(
    'a document that is too costly',
    '{ partners(first: 200) { edges { node { apiKeys(first: 200) { edges { node { keyId } } } } } } }',
    [400, 'request/graphql-too-costly'],
  ),
  graphql('an identity that is nobody here, in GraphQL', '{ __typename }', [403], {
    as: 'nobody',
  }),
];

describe('X-Ledger-Position', () => {
  let product: TestApplication;
  const tokens = new Map<Who, string>();
  let settled: bigint;

  const ask = <T = Record<string, unknown>>(url: string, as: Who, call: Omit<Call, 'as'> = {}) => {
    const token = tokens.get(as);
    if (token === undefined) throw new Error(`no token of ${as}`);
    return product.call<T>(url, { ...call, as: token });
  };
  const head = async (): Promise<bigint> => (await product.foundations.eventStore.head()) ?? 0n;
  /** Where the rights of a caller are read, once that stands still. */
  const atRest = async (as: Who): Promise<bigint> => {
    const deadline = Date.now() + POLL_TIMEOUT_MS;
    for (;;) {
      const log = await head();
      const { position } = await ask('/v1/nothing-here', as);
      if (BigInt(position) >= log) return BigInt(position);
      if (Date.now() > deadline) throw new Error(`${position} never reached ${String(log)}`);
    }
  };
  const codeOf = ({ body }: Answered): unknown =>
    body['code'] ??
    (body['errors'] as { extensions?: { code?: string } }[] | undefined)?.[0]?.extensions?.code;

  beforeAll(async () => {
    product = await testApplication();
    const sam = await product.network(1);
    tokens.set('sam', sam).set('kim', await product.network(2));
    tokens.set('operator', await product.operator());
    tokens.set('nobody', await product.token('nobody', 1));
    await product.eligiblePartner(sam, 1);
    await ask('/v1/partners', 'sam', { body: { partnerId: 2, name: 'New', status: 'pending' } });
    await ask('/v1/api-keys', 'sam', { body: issue(1) });
    for (const [employeeId, who, permission] of [
      [2, 'clerk', 'partners.read'],
      [3, 'keeper', 'partner.api_keys.read'],
    ] as const) {
      tokens.set(who, await product.token(who, 1));
      const admitted = await ask('/v1/networks/1/employees', 'sam', {
        body: {
          employeeId,
          issuer: product.issuer.issuer,
          subject: who,
          superUser: false,
          permissions: [permission],
          scope: 'global',
        },
      });
      expect(admitted.status).toBe(201);
    }
    settled = await atRest('sam');
    await ask(`/v1/api-keys?atLeast=${String(settled)}`, 'sam');
  });
  afterAll(() => product.close());

  it.each(CASES)('stands on the answer to $name', async ({ as = 'sam', url, call, answer }) => {
    const [status, code] = answer;
    const asking = () => ask(url, as, call);
    const answered = await (code === 'projections/stale-read'
      ? product.patience.inVain(asking)
      : asking());
    expect(answered.status).toBe(status);
    if (code !== undefined) expect(codeOf(answered)).toBe(code);
    expect(answered.headers['x-ledger-position']).toMatch(/^\d+$/);
    const said = BigInt(answered.position);
    expect(said).toBeGreaterThanOrEqual(settled);
    expect(said).toBeLessThanOrEqual(await head());
    const then = await ask(`/v1/partners?atLeast=${answered.position}`, 'sam');
    expect(then.status).toBe(200);
  });

  it('of a command that is refused shows what it was refused for', async () => {
    await product.eligiblePartner(String(tokens.get('sam')), 3);
    const issued = [];
    for (const label of ['one', 'two'])
      issued.push(await ask('/v1/api-keys', 'sam', { body: issue(3, label) }));
    const [rest, query] = [
      await ask('/v1/api-keys', 'sam', { body: issue(3) }),
      await ask('/graphql', 'sam', {
        body: {
          query: 'mutation($input: IssueApiKeyInput!) { issueApiKey(input: $input) { keyId } }',
          variables: { input: issue(3) },
        },
      }),
    ];
    for (const refused of [rest, query]) {
      expect([refused.status, codeOf(refused)]).toEqual([409, 'keys/active-keys-limit']);
      expect(BigInt(refused.position)).toBeGreaterThanOrEqual(BigInt(issued[1]?.position ?? ''));
      const { body } = await ask<{ items: { keyId: string }[] }>(
        `/v1/api-keys?partnerId=3&atLeast=${refused.position}`,
        'sam',
      );
      expect(body.items.map(({ keyId }) => keyId).sort()).toEqual(
        issued.map((each) => each.body['keyId']).sort(),
      );
    }
  });

  it('of a refusal that is given again is the first one, however far the log has come', async () => {
    await product.eligiblePartner(String(tokens.get('sam')), 4);
    const { body } = await ask('/v1/api-keys', 'sam', { body: issue(4, 'one') });
    await ask('/v1/api-keys', 'sam', { body: issue(4, 'two') });
    const third = () =>
      ask('/v1/api-keys', 'sam', {
        body: issue(4),
        headers: { 'idempotency-key': 'third-of-4' },
      });
    const first = await third();
    expect(first.status).toBe(409);
    const revoked = await ask(`/v1/api-keys/${String(body['keyId'])}/revoke`, 'sam', {
      body: { reason: 'other' },
    });
    await ask(`/v1/partners?atLeast=${revoked.position}`, 'sam');
    const again = await third();
    expect([again.status, again.position]).toEqual([409, first.position]);
    expect(BigInt(again.position)).toBeLessThan(BigInt(revoked.position));
  });

  it('never goes past what an answer looked at: what is said not to be there was not there yet', async () => {
    for (let race = 0; race < RACES; race += 1) {
      const partnerId = 1_000 + race;
      const body = { partnerId, name: 'Racer', status: 'active' };
      const [registered, seen] = await Promise.all([
        ask('/v1/partners', 'sam', { body }),
        ask(`/v1/partners/${String(partnerId)}`, 'sam'),
      ]);
      const after = await ask(`/v1/partners/${String(partnerId)}`, 'sam');
      for (const { status, position } of [seen, after])
        expect([status, BigInt(position) >= BigInt(registered.position)]).toEqual(
          status === 404 ? [404, false] : [200, true],
        );
    }
  });

  it('tells another network’s key from none by nothing', async () => {
    await product.eligiblePartner(String(tokens.get('sam')), 5);
    const { body } = await ask('/v1/api-keys', 'sam', { body: issue(5) });
    const revoke = async (keyId: unknown) => {
      const url = `/v1/api-keys/${String(keyId)}/revoke`;
      const { status, position } = await ask(url, 'kim', { body: { reason: 'other' } });
      return { status, position: BigInt(position) };
    };
    for (let race = 0; race < RACES; race += 1) {
      const before = await atRest('kim');
      const [foreign, none] = [await revoke(body['keyId']), await revoke(UNKNOWN)];
      if ((await atRest('kim')) !== before) continue;
      expect(foreign).toEqual({ status: 404, position: before });
      expect(none).toEqual(foreign);
      return;
    }
    throw new Error('the log never stood still');
  });

  it('is not told to strangers, but on what they succeed with', async () => {
    const { body } = await ask('/v1/networks/1/webhook-credentials', 'sam', {
      body: { label: 'Vendor' },
    });
    const secret = String(body['credential']);
    const webhook = (credential: string, record: object) =>
      product.call('/v1/webhooks/partners/created', {
        body: record,
        headers: { 'x-keyledger-webhook-credential': credential },
      });
    const told = [
      await product.call('/v1/partners'),
      await product.call('/v1/partners', { as: 'junk' }),
      await product.call('/v1/nothing-here'),
      await product.call('/graphql', { body: { query: '{ __typename }' } }),
      await product.call('/v1/api-keys', {
        body: 'x',
        headers: { 'content-type': 'text/plain' },
      }),
      await product.call('/v1/shares/open', { body: { token: 'x' } }),
      await product.call('/v1/shares/open', { body: { token: 'x'.repeat(43) } }),
      await webhook('x', {}),
      await webhook(secret, {}),
      await product.call('/health/ready'),
      await product.call('/openapi.json'),
    ];
    expect(told.map(({ status }) => status)).toEqual([
      401, 401, 401, 401, 401, 404, 404, 401, 400, 200, 200,
    ]);
    expect(told.filter(({ headers }) => 'x-ledger-position' in headers)).toEqual([]);
    const taken = await webhook(secret, {
      network_affiliate_id: 50,
      name: 'Alder',
      account_status: 'active',
      time_created: 1_760_000_000,
      time_saved: 1_760_000_000,
    });
    expect([taken.status, taken.headers['x-ledger-position']]).toEqual([
      200,
      expect.stringMatching(/^\d+$/),
    ]);
  });
});

describe('X-Ledger-Position on 429', () => {
  let product: TestApplication;
  beforeAll(async () => {
    const small = { perSecond: 0.001, burst: 4 };
    product = await testApplication({ budgets: { actorRequests: small, addressRequests: small } });
  });
  afterAll(() => product.close());

  it('stands for whoever has a token, also in a process that has read nothing yet, and for nobody else', async () => {
    const answers = async (as?: string) => {
      const statuses: unknown[] = [];
      for (let call = 0; call < 6; call += 1) {
        const url = call % 2 === 0 ? '/v1/nothing-here' : '/v1/partners';
        const { status, headers } = await product.call(url, as === undefined ? {} : { as });
        statuses.push([status, /^\d+$/.test(String(headers['x-ledger-position']))]);
      }
      return statuses.at(-1);
    };
    expect(await answers(await product.operator())).toEqual([429, true]);
    expect(await answers(await product.token('nobody', 1))).toEqual([429, true]);
    expect(await answers()).toEqual([429, false]);
  });
});
