import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answered, TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import type { Ids } from '../isolation/cases.js';
import { NAMING_FIELDS, NAMING_ROUTES } from '../isolation/cases.js';
import { documentFor, graphQLFieldsOf, routesOf } from '../isolation/surface.js';

type Json = Readonly<Record<string, unknown>>;
type Who = 'admin' | 'marketplaceUser' | 'operator' | 'partnerUser';

interface Sent {
  readonly name: string;
  readonly again: () => Promise<Answered<Json>>;
  readonly withAnother: (body: unknown) => Promise<Answered<Json>>;
  readonly first: Answered<Json>;
}

/** Not commands of somebody who is known: an `Idempotency-Key` says nothing there. */
const WITHOUT_KEYS: readonly string[] = [
  'POST /graphql',
  ...['created', 'updated', 'signed-up', 'sign-up-verdict'].map(
    (kind) => `POST /v1/webhooks/partners/${kind}`,
  ),
];
/** Says where the log ends rather than where its own events are. */
const POSITION_OF_NOW: readonly string[] = ['POST /v1/partners/import', 'mutation importPartners'];
/** Lists what may be listed, and if at all, when it is asked, with a retry as without: only what it appends is compared. */
const LISTS_OF_NOW: readonly string[] = [
  'POST /v1/me/connections/api-keys/reveal',
  'mutation revealMyConnectionKeys',
];
const SECRETS = ['credential', 'key', 'link', 'passphrase', 'token'];
const REST = 1;
const GRAPHQL = 2;

let product: TestApplication;
const sent: Sent[] = [];

beforeAll(async () => {
  product = await testApplication();
  await new Story(REST, 'rest').tell();
  await new Story(GRAPHQL, 'graphql').tell();
});
afterAll(() => product.close());

/** Every command once with a key of its own, and then so much more that most would be refused, and none be answered alike. */
class Story {
  private ids: Ids;
  private readonly tokens = new Map<Who, string>();

  constructor(
    private readonly networkId: number,
    private readonly by: 'graphql' | 'rest',
  ) {
    this.ids = {
      networkId,
      partnerId: 10,
      employeeId: 3,
      marketplacePartnerId: 500,
      keyId: '',
      shareId: '',
      credentialId: '',
      flagId: '',
    };
  }

  async tell(): Promise<void> {
    const { networkId } = this;
    const { issuer } = product.issuer;
    this.tokens.set('operator', await product.operator());
    this.tokens.set('admin', await product.token(`super-${String(networkId)}`, networkId));
    this.tokens.set('partnerUser', await product.token('pat', networkId));
    this.tokens.set('marketplaceUser', await product.token('mara', networkId));
    const created = { networkId, name: 'Example Network', region: 'eu' };
    await this.do('POST /v1/networks', 'createNetwork', created, { as: 'operator' });
    await product.call(`/v1/networks/${String(networkId)}/employees`, {
      as: this.tokens.get('operator') ?? '',
      body: {
        employeeId: 1,
        issuer,
        subject: `super-${String(networkId)}`,
        superUser: true,
        permissions: [],
        scope: 'global',
      },
    });

    await this.same('PUT /v1/networks/:networkId/key-policy', 'setKeyPolicy');
    await this.same('PUT /v1/networks/:networkId/api-profile', 'setApiProfile');
    const { credentialId } = await this.same(
      'POST /v1/networks/:networkId/webhook-credentials',
      'issueWebhookCredential',
    );
    this.know({ credentialId });
    await this.same(
      'POST /v1/networks/:networkId/webhook-credentials/:credentialId/revoke',
      'revokeWebhookCredential',
    );
    await this.same('POST /v1/networks/:networkId/employees', 'admitEmployee');
    await this.same(
      'PATCH /v1/networks/:networkId/employees/:employeeId/rights',
      'changeEmployeeRights',
    );
    await this.same('POST /v1/networks/:networkId/employees/:employeeId/remove', 'removeEmployee');

    await this.partners();
    await this.keys();
    await this.marketplace();

    // The world goes on.
    const { partnerId } = this.ids;
    const policy = { ...(await this.policy()), activeKeysMax: 1, marketplaceSecretsListed: false };
    await this.plain('PUT', `/v1/networks/${String(networkId)}/key-policy`, policy);
    await this.plain('PUT', `/v1/networks/${String(networkId)}/api-profile`, {
      baseUrl: 'https://other.example.com/v1',
      headerName: 'X-Other',
      documentation: { affiliate: [], advertiser: [], network: [], marketplace: [] },
    });
    await this.plain('POST', `/v1/partners/${String(partnerId)}/status`, {
      status: 'offboarded',
      reason: 'contract ended',
    });
  }

  private async partners(): Promise<void> {
    const { issuer } = product.issuer;
    const { partnerId } = this.ids;
    const registered = { partnerId, name: 'Alder', status: 'pending', managerId: null };
    await this.do('POST /v1/partners', 'registerPartner', registered);
    const record = {
      network_affiliate_id: 12,
      name: 'Birch',
      account_status: 'active',
      time_created: 1_760_000_000,
    };
    const records = [record, record, { ...record, time_saved: 1_760_000_100, name: 'Bay' }, {}];
    if (this.by === 'rest') await this.rest('POST /v1/partners/import', { body: { records } });
    else
      await this.graphql('mutation importPartners', {
        input: { records: records.map((one) => JSON.stringify(one)) },
      });
    await this.same('POST /v1/partners/:partnerId/status', 'changePartnerStatus');
    await this.same('POST /v1/partners/:partnerId/manager', 'assignPartnerManager');
    const capacity = '/v1/partners/:partnerId/technical-capacity';
    await this.same(`POST ${capacity}/confirm`, 'confirmTechnicalCapacity');
    await this.same(`POST ${capacity}/withdraw`, 'withdrawTechnicalCapacity');
    await this.plain('POST', `/v1/partners/${String(partnerId)}/technical-capacity/confirm`, {
      evidence: 'another script',
    });
    await this.same('POST /v1/partners/:partnerId/traits', 'assessPartnerTraits');
    await this.same('POST /v1/partners/:partnerId/users', 'linkPartnerUser');
    await this.same('POST /v1/partners/:partnerId/users/unlink', 'unlinkPartnerUser');
    await this.plain('POST', `/v1/partners/${String(partnerId)}/users`, {
      issuer,
      subject: 'pat',
    });
    const flagged = await this.same('POST /v1/partners/:partnerId/flags', 'openFlag');
    const [flag] = flagged['openFlags'] as { flagId: string }[];
    this.know({ flagId: flag?.flagId });
    await this.same('POST /v1/partners/:partnerId/flags/:flagId/close', 'closeFlag');
  }

  private async keys(): Promise<void> {
    this.know(await this.same('POST /v1/api-keys', 'issueApiKey'));
    const hashed = {
      portal: 'network',
      holder: { type: 'network', id: this.networkId },
      label: 'Sync',
      permissions: ['reporting.read'],
    };
    await this.do('POST /v1/api-keys', 'issueApiKey', hashed);
    await this.same('POST /v1/api-keys/:keyId/reveal', 'revealApiKey');
    await this.same('POST /v1/me/api/keys/:keyId/reveal', 'revealMyApiKey', {
      as: 'partnerUser',
    });
    await this.same('POST /v1/api-keys/:keyId/relabel', 'relabelApiKey');
    const shared = await this.do('POST /v1/api-keys/:keyId/shares', 'shareApiKey', {
      keyId: this.ids.keyId,
      recipient: { type: 'holderUsers' },
      channel: 'email',
      reason: 'first hand-over',
      bound: 'users',
    });
    const opened = { token: shared['token'] };
    await this.do('POST /v1/shares/open', 'openShare', opened, { as: 'partnerUser' });
    this.know(await this.same('POST /v1/api-keys/:keyId/shares', 'shareApiKey'));
    await this.same('POST /v1/shares/:shareId/end', 'endShare');
    await this.same('POST /v1/api-keys/:keyId/suspend', 'suspendApiKey');
    await this.same('POST /v1/api-keys/:keyId/reinstate', 'reinstateApiKey');
    await this.same('POST /v1/key-rings/suspend', 'suspendKeyRing');
    await this.same('POST /v1/key-rings/reinstate', 'reinstateKeyRing');
    this.know(await this.same('POST /v1/api-keys/:keyId/reissue', 'reissueApiKey'));
    await this.connectionKeys();
    await this.same('POST /v1/api-keys/:keyId/revoke', 'revokeApiKey');
  }

  /** While there is a key to list. */
  private async connectionKeys(): Promise<void> {
    const { issuer } = product.issuer;
    const { marketplacePartnerId } = this.ids;
    const registered = { marketplacePartnerId, name: 'Fir' };
    await this.do('POST /v1/marketplace-partners', 'registerMarketplacePartner', registered);
    const at = '/v1/marketplace-partners/:marketplacePartnerId';
    await this.same(`POST ${at}/connections`, 'connectMarketplacePartner');
    const here = `/v1/marketplace-partners/${String(marketplacePartnerId)}`;
    await this.plain('POST', `${here}/users`, { issuer, subject: 'mara' });
    const as = 'marketplaceUser';
    if (this.by === 'rest')
      await this.rest('POST /v1/me/connections/api-keys/reveal', { as, body: { first: 10 } });
    else await this.graphql('mutation revealMyConnectionKeys', { first: 10 }, as);
  }

  private async marketplace(): Promise<void> {
    const at = '/v1/marketplace-partners/:marketplacePartnerId';
    await this.same(`POST ${at}/users`, 'linkMarketplaceUser');
    await this.same(`POST ${at}/users/unlink`, 'unlinkMarketplaceUser');
    await this.same(`POST ${at}/connections/remove`, 'disconnectMarketplacePartner');
  }

  private know(ids: Json | Partial<Record<keyof Ids, unknown>>): void {
    const texts = (['keyId', 'shareId', 'credentialId', 'flagId'] as const).flatMap((name) =>
      typeof ids[name] === 'string' ? [[name, ids[name]] as const] : [],
    );
    this.ids = { ...this.ids, ...Object.fromEntries(texts) };
  }

  /** As the cases of isolation have it. */
  private same(route: string, field: string, { as }: { as?: Who } = {}): Promise<Json> {
    if (this.by === 'rest') {
      const { params, body } = NAMING_ROUTES[route]?.(this.ids) ?? {};
      return this.rest(route, { params, body, as });
    }
    return this.graphql(`mutation ${field}`, NAMING_FIELDS[`mutation ${field}`]?.(this.ids), as);
  }

  private do(route: string, field: string, input: Json, { as }: { as?: Who } = {}): Promise<Json> {
    if (this.by === 'graphql') return this.graphql(`mutation ${field}`, { input }, as);
    const { keyId, ...body } = input;
    return this.rest(route, { params: { keyId: String(keyId) }, body, as });
  }

  private async rest(
    route: string,
    ask: {
      readonly params?: Readonly<Record<string, number | string>> | undefined;
      readonly body?: unknown;
      readonly as?: Who | undefined;
    },
  ): Promise<Json> {
    const [method = '', template = ''] = route.split(' ');
    const path = template.replace(/:(\w+)/g, (_, name: string) => String(ask.params?.[name]));
    return this.send(route, method, path, ask.body, ask.as);
  }

  private async graphql(field: string, variables: Json = {}, as?: Who): Promise<Json> {
    const query = documentFor(product, field);
    const body = await this.send(field, 'POST', '/graphql', { query, variables }, as);
    const { data, errors } = body as { data?: Json | null; errors?: unknown };
    if (errors !== undefined) throw new Error(`${field}: ${JSON.stringify(errors)}`);
    return data?.[field.split(' ')[1] ?? ''] as Json;
  }

  private async send(name: string, method: string, path: string, body: unknown, as: Who = 'admin') {
    const call = {
      method: method as 'POST',
      as: this.tokens.get(as) ?? '',
      headers: { 'idempotency-key': `${this.by}-${String(sent.length)}` },
      ...(body === undefined ? {} : { body }),
    };
    const again = () => product.call<Json>(path, call);
    const withAnother = (other: unknown) => product.call<Json>(path, { ...call, body: other });
    const first = await again();
    if (first.status >= 300) throw new Error(`${name}: ${String(first.status)} ${first.text}`);
    sent.push({ name, again, withAnother, first });
    return first.body;
  }

  private async plain(method: 'POST' | 'PUT', path: string, body: object): Promise<void> {
    const answered = await product.call(path, { method, as: this.tokens.get('admin') ?? '', body });
    if (answered.status >= 300) throw new Error(`${path}: ${answered.text}`);
  }

  private async policy(): Promise<object> {
    const { body } = await product.call<{ keyPolicy: object }>(
      `/v1/networks/${String(this.networkId)}`,
      { as: this.tokens.get('admin') ?? '' },
    );
    return body.keyPolicy;
  }
}

/** Read beside the command, as it is now. */
const READ_BESIDE: readonly string[] = ['access', 'apiKeys'];

/** What must be the same: all that the command did, but for secrets that the answer says it withholds. */
function comparable(value: unknown, withheld: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item, withheld));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !READ_BESIDE.includes(name) && name !== 'secretWithheld')
      .map(([name, field]) => [
        name,
        withheld && SECRETS.includes(name) ? null : comparable(field, withheld),
      ]),
  );
}

const without = (value: unknown, field: string): unknown =>
  JSON.parse(JSON.stringify(value, (name, part: unknown) => (name === field ? undefined : part)));

/** Of what people caused. */
async function eventsOfPeople(): Promise<number> {
  let count = 0;
  for await (const { metadata } of product.foundations.eventStore.readAll())
    if ((JSON.parse(metadata) as { actor: { type: string } }).actor.type !== 'system') count += 1;
  return count;
}

describe('a command that is sent again under its Idempotency-Key after all has moved on', () => {
  it('is told here for every route and every mutation there is', () => {
    const names = new Set(sent.map(({ name }) => name));
    const commands = [
      ...routesOf(product).filter((route) => /^(DELETE|PATCH|POST|PUT) /.test(route)),
      ...graphQLFieldsOf(product).filter((field) => field.startsWith('mutation ')),
    ];
    expect(commands.length).toBeGreaterThan(60);
    expect(commands.filter((name) => !names.has(name) && !WITHOUT_KEYS.includes(name))).toEqual([]);
  });

  it('gets its first answer, and appends nothing', async () => {
    const before = await eventsOfPeople();
    const differing: object[] = [];
    for (const { name, again, first } of sent) {
      const answer = await again();
      const withheld = /"secretWithheld":"/.test(answer.text);
      const [one, other] = [first, answer].map(({ status, body }) => ({
        status,
        body: comparable(
          POSITION_OF_NOW.includes(name) ? without(body, 'position') : body,
          withheld,
        ),
      }));
      if (LISTS_OF_NOW.includes(name)) continue;
      if (JSON.stringify(one) !== JSON.stringify(other)) differing.push({ name, one, other });
      if (name.includes('/v1/') && !POSITION_OF_NOW.includes(name))
        expect([name, answer.position]).toEqual([name, first.position]);
    }
    expect(differing).toEqual([]);
    expect(await eventsOfPeople()).toBe(before);
  });

  it('says of each secret that it does not repeat why, and repeats none of a key that is over', async () => {
    const withheld = new Map<string, unknown>();
    for (const { name, again, first } of sent) {
      if (!/"secretWithheld"/.test(first.text) || LISTS_OF_NOW.includes(name)) continue;
      expect(first.text).toContain('"secretWithheld":null');
      const { text } = await again();
      const reason = /"secretWithheld":"(\w+)"/.exec(text)?.[1];
      withheld.set(name, [...((withheld.get(name) as string[] | undefined) ?? []), reason]);
    }
    const once = ['inFirstAnswerOnly'];
    const both = ['secretDestroyed', 'inFirstAnswerOnly'];
    expect(Object.fromEntries(withheld)).toEqual({
      'POST /v1/networks/:networkId/webhook-credentials': once,
      'POST /v1/api-keys': both,
      'POST /v1/api-keys/:keyId/reveal': ['secretDestroyed'],
      'POST /v1/me/api/keys/:keyId/reveal': ['secretDestroyed'],
      'POST /v1/api-keys/:keyId/shares': [...once, ...once],
      'POST /v1/shares/open': once,
      'POST /v1/api-keys/:keyId/reissue': ['secretDestroyed'],
      'mutation issueWebhookCredential': once,
      'mutation issueApiKey': both,
      'mutation revealApiKey': ['secretDestroyed'],
      'mutation revealMyApiKey': ['secretDestroyed'],
      'mutation shareApiKey': [...once, ...once],
      'mutation openShare': once,
      'mutation reissueApiKey': ['secretDestroyed'],
    });
  });

  it('is refused with another body also where it decides on many streams', async () => {
    const others: Readonly<Record<string, readonly Json[]>> = {
      'POST /v1/partners/import': [{ records: [{ network_affiliate_id: 13 }] }],
      'POST /v1/me/connections/api-keys/reveal': [{ first: 9 }],
    };
    const before = await eventsOfPeople();
    const answers: unknown[] = [];
    for (const { name, withAnother } of sent)
      for (const body of others[name] ?? []) {
        const { status, body: problem } = await withAnother(body);
        answers.push([name, status, problem['code']]);
      }
    const reused = [422, 'request/idempotency-key-reused'];
    expect(answers).toEqual([
      ['POST /v1/partners/import', ...reused],
      ['POST /v1/me/connections/api-keys/reveal', ...reused],
    ]);
    expect(await eventsOfPeople()).toBe(before);
  });
});
