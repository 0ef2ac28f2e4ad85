import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

let product: TestApplication;
let sam: string;
beforeAll(async () => {
  product = await testApplication();
  sam = await product.network(1);
  await product.eligiblePartner(sam, 7);
});
afterAll(() => product.close());

const ISSUED = { portal: 'affiliate', holder: { type: 'partner', id: 7 }, label: 'Reporting' };
const graphql = async (query: string) => {
  const { body } = await product.call<{ errors?: { message: string }[] }>('/graphql', {
    as: sam,
    body: { query },
  });
  return body.errors?.[0]?.message;
};

describe('a time without its zone', () => {
  const IN_NO_ZONE = ['2027-01-31T09:00:00', '2027-01-31T09:00', '2027-01-31'];

  it.each(IN_NO_ZONE)('is refused in every query and body: %s', async (time) => {
    const asked = [
      ...['from', 'to', 'asOf'].map((name) => [`/${name}`, `/v1/audit?${name}=${time}`] as const),
      ['/asOf', `/v1/partners?asOf=${time}`] as const,
      ['/asOf', `/v1/api-keys?asOf=${time}`] as const,
      ['/expiresAt', '/v1/api-keys', { ...ISSUED, expiresAt: time }] as const,
    ];
    for (const [pointer, url, body] of asked) {
      const answered = await product.call(url, { as: sam, ...(body ? { body } : {}) });
      expect([url, answered.status, answered.body['code']]).toEqual([url, 400, 'request/invalid']);
      expect(answered.body['errors']).toEqual([
        { pointer, problem: expect.stringMatching(/ends in Z or an offset, such as 2026-/) },
      ]);
    }
    for (const query of [
      `{ auditTrail(first: 1, from: "${time}") { position } }`,
      `{ partners(first: 1, asOf: "${time}") { position } }`,
      `mutation { issueApiKey(input: {portal: affiliate, holder: {type: partner, id: "7"}, label: "x", expiresAt: "${time}"}) { keyId } }`,
    ])
      expect(await graphql(query)).toMatch(/ends in Z or an offset|not valid/);
  });

  it('is one with it, in any zone', async () => {
    const offset = encodeURIComponent('+02:00');
    for (const url of [
      `/v1/audit?from=2026-01-31T09:00:00${offset}&to=2999-01-31T09:00:00${offset}`,
      `/v1/partners?asOf=2026-01-31T09:00:00${offset}`,
      '/v1/partners?asOf=2026-01-31T09:00:00Z',
    ])
      expect([url, (await product.call(url, { as: sam })).status]).toEqual([url, 200]);
  });
});

const READS = [
  '/v1/networks',
  '/v1/networks/1',
  '/v1/networks/1/employees',
  '/v1/partners',
  '/v1/partners/7',
  '/v1/partners/7/eligibility',
  '/v1/marketplace-partners',
  '/v1/api-keys',
  '/v1/shares',
  '/v1/audit',
];
const FIELDS = ['partners(first: 1', 'apiKeys(first: 1', 'auditTrail(first: 1'];

describe('a moment that is still to come', () => {
  const places = async () => {
    const head = (await product.foundations.eventStore.head()) ?? 0n;
    return [String(head + 1_000n), '2999-01-01T00:00:00Z'];
  };
  const queriesRecorded = async () => {
    const { items } = (
      await product.call<{ items: unknown[] }>('/v1/audit?type=AuditQueried', { as: sam })
    ).body;
    return items.length;
  };

  it('is refused wherever the past is asked for, and is no query of the trail', async () => {
    const before = await queriesRecorded();
    for (const asOf of await places()) {
      for (const url of READS) {
        const { status, body } = await product.call(`${url}?asOf=${asOf}`, { as: sam });
        expect([url, status, body['code']]).toEqual([url, 400, 'projections/as-of-in-future']);
      }
      for (const field of FIELDS)
        expect(await graphql(`{ ${field}, asOf: "${asOf}") { position } }`)).toMatch(
          /asOf is in the future/,
        );
    }
    expect(await queriesRecorded()).toBe(before + 1);
  });

  it('is none once it is there: a position that was just written is waited for', async () => {
    for (const label of ['one', 'two']) {
      const { position } = await product.call('/v1/networks/1/webhook-credentials', {
        as: sam,
        body: { label },
      });
      const { status, body } = await product.call<{
        webhookCredentials: { label: string }[];
      }>(`/v1/networks/1?asOf=${position}`, { as: sam });
      expect([status, body.webhookCredentials.at(-1)?.label]).toEqual([200, label]);
    }
  });
});

describe('a moment that has just passed', () => {
  /** While it lasts, no time becomes a position: the read models that know it stand still. */
  const whileTimesStandStill = async <T>(work: () => Promise<T>): Promise<T> => {
    const admin = new pg.Client({ connectionString: product.database.adminUrl });
    await admin.connect();
    try {
      await admin.query('BEGIN; LOCK TABLE ledger.log_times IN SHARE MODE');
      return await work();
    } finally {
      await admin.end();
    }
  };

  it('is answered only by read models that have taken all that the log held then', async () => {
    const asOf = await whileTimesStandStill(async () => {
      await product.call('/v1/networks/1/webhook-credentials', {
        as: sam,
        body: { label: 'just passed' },
      });
      const now = new Date().toISOString();
      await product.patience.inVain(() =>
        Promise.all([
          ...READS.map(async (url) => {
            const { status, body } = await product.call(`${url}?asOf=${now}`, { as: sam });
            expect([url, status, body['code']]).toEqual([url, 503, 'projections/stale-read']);
          }),
          ...FIELDS.map(async (field) => {
            expect([field, await graphql(`{ ${field}, asOf: "${now}") { position } }`)]).toEqual([
              field,
              expect.stringMatching(/not up to date/),
            ]);
          }),
        ]),
      );
      return now;
    });
    const { status, body } = await product.call<{ webhookCredentials: { label: string }[] }>(
      `/v1/networks/1?asOf=${asOf}`,
      { as: sam },
    );
    expect([status, body.webhookCredentials.at(-1)?.label]).toEqual([200, 'just passed']);
  });
});

describe('the first page of the trail', () => {
  it('has all that came before it was asked for', async () => {
    for (const label of ['three', 'four', 'five']) {
      const { position } = await product.call('/v1/networks/1/webhook-credentials', {
        as: sam,
        body: { label },
      });
      const rest = await product.call<{ items: { position: string; action: string }[] }>(
        '/v1/audit?first=1',
        { as: sam },
      );
      expect(rest.body.items).toMatchObject([{ position, action: 'WebhookCredentialIssued' }]);
    }
  });

  it('is refused, and not recorded, when what it shall be at or past does not come', async () => {
    const recorded = async () => {
      let count = 0;
      for await (const { type } of product.foundations.eventStore.readAll())
        if (type === 'AuditQueried') count += 1;
      return count;
    };
    const before = await recorded();
    await product.patience.inVain(async () => {
      const { status, body } = await product.call('/v1/audit?atLeast=999999', { as: sam });
      expect([status, body['code']]).toEqual([503, 'projections/stale-read']);
      expect(await graphql('{ auditTrail(first: 1, atLeast: "999999") { position } }')).toMatch(
        /not up to date/,
      );
    });
    expect(await recorded()).toBe(before);
  });
});
