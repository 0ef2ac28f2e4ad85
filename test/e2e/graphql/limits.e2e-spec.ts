import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { QueryBus } from '@nestjs/cqrs';
import {
  GRAPHQL_DEPTH_MAX,
  GRAPHQL_DOCUMENT_CHARACTERS_MAX,
  GRAPHQL_ROOT_FIELDS_MAX,
} from '#graphql';
import { ListKeysOfPartners } from '#keys';
import { GetPartners } from '#partners';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import type { Issued } from './graphql-caller.js';
import { graphqlCaller, ISSUE, issueInput } from './graphql-caller.js';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('GraphQL', () => {
  let application: TestApplication;
  let ask: ReturnType<typeof graphqlCaller>;
  let sam: string;
  let kim: string;
  const keys: string[] = [];
  let position = '0';

  beforeAll(async () => {
    application = await testApplication();
    ask = graphqlCaller(application);
    sam = await application.network(1);
    kim = await application.network(2);
    for (const partnerId of [11, 12, 13]) {
      await application.eligiblePartner(sam, partnerId);
      for (const label of ['one', 'two']) {
        const { data } = await ask<Issued>(ISSUE, {
          as: sam,
          variables: issueInput(partnerId, label),
        });
        keys.push(data.issueApiKey.keyId);
        position = data.issueApiKey.position;
      }
    }
  });
  afterAll(async () => {
    await application.close();
  });

  const refused = async (...[query, options]: Parameters<typeof ask>) => {
    const { status, errors, text } = await ask(query, { as: sam, ...options });
    expect(text).not.toMatch(/stack|node_modules|\.[jt]s:\d/);
    return [status, errors[0]?.extensions.code, errors[0]?.extensions['limit']];
  };

  describe('refuses, before anything runs,', () => {
    it.each<[string, string, string | undefined]>([
      [
        'a document that is too deep',
        `{ partners { edges { node { ${'apiKeys { edges { node { partner { '.repeat(GRAPHQL_DEPTH_MAX / 4 + 1)} partnerId ${'} } } }'.repeat(GRAPHQL_DEPTH_MAX / 4 + 1)} } } } }`,
        'depth',
      ],
      [
        'a document that is deeper than a parser can go',
        '{a'.repeat(GRAPHQL_DOCUMENT_CHARACTERS_MAX / 2),
        'nesting',
      ],
      [
        'values in values that are',
        `{ ledger(of: ${'['.repeat(GRAPHQL_DOCUMENT_CHARACTERS_MAX / 2)}) { head } }`,
        'nesting',
      ],
      [
        'lists in lists that are too costly',
        '{ partners(first: 200) { edges { node { apiKeys(first: 200) { edges { node { keyId } } } } } } }',
        'cost',
      ],
      [
        'an alias bomb',
        `{ ${Array.from({ length: GRAPHQL_ROOT_FIELDS_MAX + 1 }, (_, at) => `a${String(at)}: ledger { head }`).join(' ')} }`,
        'root fields',
      ],
      [
        'a fragment bomb',
        `{ ledger { ...f0 } } ${Array.from({ length: 60 }, (_, at) => `fragment f${String(at)} on Ledger { ...f${String(at + 1)} ...f${String(at + 1)} }`).join(' ')} fragment f60 on Ledger { head }`,
        'fields',
      ],
      [
        'a document that is too long',
        `{ ledger { head } } #${'x'.repeat(GRAPHQL_DOCUMENT_CHARACTERS_MAX)}`,
        undefined,
      ],
    ])('%s', async (_, query, limit) => {
      expect(await refused(query)).toEqual([400, 'request/graphql-too-costly', limit]);
    });

    it('a body that is too large, and says how large it may be', async () => {
      const { status, errors } = await ask('{ ledger { head } }'.padEnd(1_100_000), { as: sam });
      expect([status, errors]).toMatchObject([
        413,
        [{ extensions: { code: 'request/body-too-large', details: { bytesMax: 1_048_576 } } }],
      ]);
    });

    it('of a document of several operations only the one that would run', async () => {
      const query = `query Cheap { ledger { head } }
        query Costly { partners(first: 200) { edges { node { apiKeys(first: 200) { edges { node { keyId } } } } } } }`;
      const named = (operationName: string) =>
        application.call<{ data?: object; errors?: { extensions: object }[] }>('/graphql', {
          as: sam,
          body: { query, operationName },
        });
      const cheap = await named('Cheap');
      expect([cheap.status, cheap.body.errors]).toEqual([200, undefined]);
      const costly = await named('Costly');
      expect([costly.status, costly.body.errors?.[0]?.extensions]).toMatchObject([
        400,
        { code: 'request/graphql-too-costly', limit: 'cost' },
      ]);
      const search = new URLSearchParams({ query, operationName: 'Cheap' }).toString();
      expect((await application.call(`/graphql?${search}`, { as: sam })).status).toBe(200);
    });

    it.each([
      ['a syntax error', '{ ledger { head }'],
      ['an unknown field', '{ ledger { tail } }'],
      ['an unknown argument', '{ ledger(of: 1) { head } }'],
      ['an unknown enum value', '{ apiKeys(status: lost) { position } }'],
      ['fragments in a circle', '{ ledger { ...a } } fragment a on Ledger { ...a }'],
      ['a variable that is missing', 'query($id: ID!) { apiKey(keyId: $id) { label } }'],
      ['a position that is none', '{ apiKeys(atLeast: "-1") { position } }'],
      ['a subscription', 'subscription { ledger { head } }'],
      ['nothing', ''],
    ])('%s', async (_, query) => {
      const [status, code] = await refused(query);
      expect(status).toBe(400);
      expect(['request/graphql-invalid', 'request/invalid']).toContain(code);
    });
  });

  it('points at each wrong field of an input, and refuses page sizes out of bounds', async () => {
    const input = {
      ...issueInput(11).input,
      holder: { type: 'partner', id: '0' },
      employeeId: 'x',
    };
    const { status, errors } = await ask(ISSUE, { as: sam, variables: { input } });
    expect(status).toBe(400);
    expect(errors[0]?.extensions).toMatchObject({ code: 'request/invalid' });
    const pointers = (errors[0]?.extensions['errors'] as { pointer: string }[]).map(
      ({ pointer }) => pointer,
    );
    expect(pointers.sort()).toEqual(['/employeeId', '/holder/id']);
    for (const first of [0, 201])
      expect(await refused(`{ apiKeys(first: ${String(first)}) { position } }`)).toEqual([
        400,
        'request/invalid',
        undefined,
      ]);
    const nested = await ask('{ partners { edges { node { apiKeys(first: 0) { position } } } } }', {
      as: sam,
      variables: {},
    });
    expect(nested.errors[0]?.extensions.code).toBe('request/invalid');
  });

  it('says in its header where the log stands, and of several fields the least', async () => {
    const stands = await ask<{ ledger: { head: string } }>('{ ledger { head } }', { as: sam });
    const { head } = stands.data.ledger;
    expect(head).toMatch(/^[1-9]\d*$/);
    expect(stands.headers['x-ledger-position']).toBe(head);
    const both = await ask<{ ledger: { head: string } }>(
      '{ ledger { head } networks { position } }',
      {
        as: sam,
      },
    );
    expect(both.errors).toEqual([]);
    expect(BigInt(both.position)).toBeLessThanOrEqual(BigInt(both.data.ledger.head));
  });

  it('needs a token, also for introspection, and takes no batches', async () => {
    for (const query of ['{ ledger { head } }', '{ __schema { types { name } } }']) {
      const { status, data } = await ask(query);
      expect([status, data]).toEqual([401, {}]);
    }
    const introspected = await ask<{ __schema: { types: object[] } }>(
      '{ __schema { types { name } } }',
      { as: sam },
    );
    expect(introspected.data.__schema.types.length).toBeGreaterThan(50);
    const batch = await application.call('/graphql', {
      as: sam,
      body: [{ query: '{ ledger { head } }' }, { query: '{ ledger { head } }' }],
    });
    expect(batch.status).toBe(400);
    const malformed = await application.call('/graphql', { as: sam, body: '{"query":' });
    expect(malformed.status).toBe(400);
    expect(malformed.text).not.toContain('stack');
  });

  it('changes nothing over GET', async () => {
    const query = encodeURIComponent(
      `mutation { revokeApiKey(input: {keyId: "${String(keys[0])}", reason: other}) { status } }`,
    );
    const { status } = await application.call(`/graphql?query=${query}`, { as: sam });
    expect(status).toBeGreaterThanOrEqual(400);
    const { data } = await ask('query($id: ID!) { apiKey(keyId: $id) { status } }', {
      as: sam,
      variables: { id: keys[0] },
    });
    expect(data).toEqual({ apiKey: { status: 'active' } });
  });

  it('reads the partners of many keys, and the keys of many partners, with one query each', async () => {
    const execute = jest.spyOn(application.app.get(QueryBus, { strict: false }), 'execute');
    try {
      const { data, errors } = await ask<{
        apiKeys: { edges: { node: { partner: { partnerId: string; apiKeys: object } } }[] };
      }>(
        'query($at: Position) { apiKeys(atLeast: $at) { edges { node { partner { partnerId apiKeys(first: 1) { edges { node { label } } pageInfo { hasNextPage } } } } } } }',
        { as: sam, variables: { at: position } },
      );
      expect(errors).toEqual([]);
      const partners = data.apiKeys.edges.map(({ node }) => node.partner);
      expect(partners.map(({ partnerId }) => partnerId)).toEqual([
        '13',
        '13',
        '12',
        '12',
        '11',
        '11',
      ]);
      for (const { apiKeys } of partners)
        expect(apiKeys).toEqual({
          edges: [{ node: { label: 'two' } }],
          pageInfo: { hasNextPage: true },
        });
      const asked = execute.mock.calls.map(([query]) => query);
      expect(asked.filter((query) => query instanceof GetPartners)).toHaveLength(1);
      expect(asked.filter((query) => query instanceof ListKeysOfPartners)).toHaveLength(1);
      expect(asked).toHaveLength(3);
    } finally {
      execute.mockRestore();
    }
  });

  it('answers another network’s things as ones that never were', async () => {
    const asked = async (id: string | undefined, partnerId: string) => {
      const { text } = await ask(
        `query($id: ID!, $partnerId: ID!) {
          apiKeys(partnerId: $partnerId) { edges { node { keyId } } pageInfo { hasNextPage } }
          shares(keyId: $id) { edges { node { shareId } } }
          partners { edges { node { partnerId } } }
        }`,
        { as: kim, variables: { id, partnerId } },
      );
      const errors = await Promise.all(
        [
          'query($id: ID!) { apiKey(keyId: $id) { label } }',
          'query($partnerId: ID!) { partner(partnerId: $partnerId) { name } }',
          'mutation($id: ID!) { revokeApiKey(input: {keyId: $id, reason: other}) { status } }',
          'mutation($id: ID!) { revealApiKey(input: {keyId: $id, purpose: support}) { key } }',
          'mutation($partnerId: ID!) { changePartnerStatus(partnerId: $partnerId, status: active, reason: "x") { status } }',
        ].map(async (query) => {
          const answered = await ask(query, { as: kim, variables: { id, partnerId } });
          return [
            answered.status,
            answered.errors.map(({ message, extensions: { correlationId, ...rest } }) => {
              expect(correlationId).toBeDefined();
              return [message, rest];
            }),
          ];
        }),
      );
      return { text, errors };
    };
    const foreign = await asked(keys[0], '11');
    expect(foreign.errors.map(([status]) => status)).toEqual([404, 404, 404, 404, 404]);
    expect(foreign).toEqual(await asked(UNKNOWN, '999'));
  });

  it('shows a limited manager the keys and partners that are theirs, and no others nested in them', async () => {
    await application.call('/v1/networks/1/employees', {
      as: sam,
      body: {
        employeeId: 7,
        issuer: application.issuer.issuer,
        subject: 'max',
        superUser: false,
        permissions: ['partners.read', 'partner.api_keys.read'],
        scope: 'limited',
      },
    });
    const given = await application.call('/v1/partners/12/manager', {
      as: sam,
      body: { managerId: 7 },
    });
    expect(given.status).toBe(200);
    const max = await application.token('max', 1);
    const { data, errors } = await ask(
      'query($at: Position) { apiKeys(atLeast: $at) { edges { node { partnerId partner { name } } } } partners(atLeast: $at) { edges { node { partnerId apiKeys { edges { node { label } } } } } } }',
      { as: max, variables: { at: given.position } },
    );
    expect(errors).toEqual([]);
    const mine = { node: { partnerId: '12', partner: { name: 'Partner 12' } } };
    expect(data).toEqual({
      apiKeys: { edges: [mine, mine] },
      partners: {
        edges: [
          {
            node: {
              partnerId: '12',
              apiKeys: { edges: [{ node: { label: 'two' } }, { node: { label: 'one' } }] },
            },
          },
        ],
      },
    });
  });

  it('is never kept by a cache', async () => {
    const { headers } = await ask('{ ledger { head } }', { as: sam });
    expect(headers['cache-control']).toBe('no-store');
  });
});
