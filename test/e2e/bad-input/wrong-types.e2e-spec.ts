import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { position } from '#event-store';
import { composeKey, composePassphrase } from '#kernel';
import { ReadModels } from '#projections';
import type { Answered, TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import { projections } from '../../../apps/composition/catalogue.js';

interface SchemaObject {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, SchemaObject>>;
  readonly items?: SchemaObject;
  readonly allOf?: readonly SchemaObject[];
  readonly oneOf?: readonly SchemaObject[];
  readonly example?: unknown;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: SchemaObject }>>;
  };
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, SchemaObject>> };
}

const description = JSON.parse(
  readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8'),
) as Description;

const METHODS = ['delete', 'get', 'patch', 'post', 'put'];
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([method]) => METHODS.includes(method))
    .map(([method, operation]) => ({ method, path, operation })),
);
const resolved = (schema: SchemaObject): SchemaObject => {
  const [, name] = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? '') ?? [];
  const [part] = schema.allOf ?? schema.oneOf ?? [];
  if (part) return resolved(part);
  const found = name === undefined ? schema : description.components.schemas[name];
  if (!found) throw new Error(`no schema ${String(name)}`);
  return found === schema ? schema : resolved(found);
};

const KEY = composeKey('kl', 'aff', '0123456789ABCDEFGHIJabcdefghijklmnop');
const PASSPHRASE = composePassphrase('3fk9wq0zx7m2a');
/** Credentials as they are pasted where they do not belong. */
const PASTED = [KEY, PASSPHRASE, `https://x.example/${KEY}`, `https://x.example/?p=${PASSPHRASE}`];
/** What no field of ours takes, or hardly one: each stands once in every field of every body. */
const WRONG = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  'a\u0000b',
  '9'.repeat(30),
  '0000-01-01T00:00:00.000Z',
  '\u{1F511}'.repeat(2_000),
  [],
  [null],
  [[1]],
  {},
  { constructor: null },
  JSON.parse('{"__proto__": {"superUser": true}}') as object,
];
const RANDOM_VALUES = 4;
const random = (seed: number) =>
  fc.sample(fc.jsonValue({ maxDepth: 2 }), { numRuns: RANDOM_VALUES, seed });

/** A body that its route takes, or nearly. */
function honest(schema: SchemaObject, name = ''): unknown {
  const { type, enum: values, items, properties, format, minimum } = resolved(schema);
  if (values) return values[0];
  if (name in HONEST) return HONEST[name];
  const kind = Array.isArray(type) ? String(type[0]) : type;
  if (properties)
    return Object.fromEntries(
      Object.entries(properties).map(([field, inner]) => [field, honest(inner, field)]),
    );
  if (kind === 'array') return items ? [honest(items)] : [];
  if (kind === 'integer' || kind === 'number') return minimum ?? 1;
  if (kind === 'boolean') return false;
  if (format === 'uuid') return '2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11';
  if (format === 'date-time') return '2030-01-01T00:00:00.000Z';
  if (kind === 'object') return {};
  return 'text';
}
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const WEBHOOK_BODY_BYTES_MAX = 262_144;
const PARTNER = 100;
const HONEST: Readonly<Record<string, unknown>> = {
  partnerId: PARTNER,
  id: PARTNER,
  network_affiliate_id: PARTNER,
  network_id: 1,
  account_status: 'active',
  new_status: 'active',
  time_saved: 1_760_000_000,
  baseUrl: 'https://api.example',
  url: 'https://docs.example',
  headerName: 'X-Key',
  issuer: 'https://issuer.example',
  managerId: null,
  employeeId: 1,
};

/** Every place of a body, and the body with another value there. */
function places(
  body: unknown,
  at = '',
): readonly { readonly at: string; readonly with: (value: unknown) => unknown }[] {
  const own = { at, with: (value: unknown) => value };
  if (typeof body !== 'object' || body === null) return [own];
  const inner = Object.entries(body).flatMap(([name, part]: [string, unknown]) =>
    places(part, `${at}/${name}`).map((place) => ({
      at: place.at,
      with: (value: unknown) =>
        Array.isArray(body)
          ? body.map((item: unknown, index) => (String(index) === name ? place.with(value) : item))
          : { ...body, [name]: place.with(value) },
    })),
  );
  return [own, ...inner];
}

describe('values of another kind than a field’s', () => {
  let product: TestApplication;
  let sam: string;
  let credential: string;
  const ids: Record<string, string> = {
    networkId: '1',
    partnerId: String(PARTNER),
    marketplacePartnerId: '5',
    employeeId: '1',
    flagId: '2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11',
  };
  const unfit: string[] = [];

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
    await product.eligiblePartner(sam, PARTNER);
    const issued = await product.call<{ keyId: string }>('/v1/api-keys', {
      as: sam,
      body: { portal: 'affiliate', holder: { type: 'partner', id: PARTNER }, label: 'Reporting' },
    });
    const shared = await product.call<{ shareId: string }>(
      `/v1/api-keys/${issued.body.keyId}/shares`,
      {
        as: sam,
        body: {
          recipient: { type: 'contact', reference: 'crm-1' },
          channel: 'email',
          reason: 'First',
          bound: 'passphrase',
        },
      },
    );
    const webhook = await product.call<{ credentialId: string; credential: string }>(
      '/v1/networks/1/webhook-credentials',
      { as: sam, body: { label: 'Vendor' } },
    );
    ({ credential } = webhook.body);
    Object.assign(ids, {
      keyId: issued.body.keyId,
      shareId: shared.body.shareId,
      credentialId: webhook.body.credentialId,
    });
  });
  afterAll(() => product.close());

  const pathOf = (path: string, other: Readonly<Record<string, string>> = {}) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent({ ...ids, ...other }[name] ?? '1'),
    );
  async function ask(method: string, url: string, what: string, body?: unknown): Promise<Answered> {
    const answered = await product.call(url, {
      method: method.toUpperCase() as 'POST',
      as: sam,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: url.includes('/webhooks/') ? { 'x-keyledger-webhook-credential': credential } : {},
    });
    if (answered.status >= 500) unfit.push(`${method} ${url} ${what}: ${String(answered.status)}`);
    return answered;
  }
  const bodies = operations.flatMap(({ method, path, operation }) => {
    const schema = operation.requestBody?.content['application/json']?.schema;
    return schema ? [[method, path, schema] as const] : [];
  });

  it.each(bodies)('are no failure of ours in the body of %s %s', async (method, path, schema) => {
    unfit.length = 0;
    const body = honest(schema);
    // Else what follows would say nothing about what lies behind the validation.
    const taken = await ask(method, pathOf(path), 'as it is', body);
    expect([taken.status === 400, taken.text]).toEqual([false, taken.text]);
    for (const [index, { at, with: put }] of places(body).entries())
      for (const value of [...WRONG, ...PASTED, ...random(index)])
        await ask(method, pathOf(path), `${at} = ${JSON.stringify(value)}`, put(value));
    await ask(method, pathOf(path), 'one field more', { ...Object(body), unheardOf: 1 });
    expect(unfit).toEqual([]);
  });

  it('are refused when they are nested so deep that nobody could look into them', async () => {
    const answers: Readonly<Record<string, unknown>>[] = [];
    for (const nested of ['['.repeat(50_000) + ']'.repeat(50_000), deepObject(50_000)])
      for (const [method, path] of [...bodies, ['post', '/graphql'] as const])
        for (const body of [nested, `{"label":${nested}}`]) {
          const { status, body: problem } = await product.call(pathOf(path), {
            method: method.toUpperCase() as 'POST',
            as: sam,
            body,
            headers: path.includes('/webhooks/')
              ? { 'x-keyledger-webhook-credential': credential }
              : {},
          });
          const tooLarge = path.includes('/webhooks/') && body.length > WEBHOOK_BODY_BYTES_MAX;
          if (status !== (tooLarge ? 413 : 400)) answers.push({ path, status, ...problem });
        }
    expect(answers).toEqual([]);
  });

  it('are no failure of ours in a path or a query', async () => {
    unfit.length = 0;
    const strange = [
      KEY,
      PASSPHRASE,
      '0',
      '-1',
      '1e3',
      '9'.repeat(30),
      'null',
      '%00',
      'a\u0000b',
      '\u{1F511}',
      "'",
      '../..',
    ];
    for (const { method, path, operation } of operations) {
      const body = method === 'get' ? undefined : {};
      for (const { name, in: where } of operation.parameters ?? [])
        for (const value of strange) {
          if (where === 'path')
            await ask(method, pathOf(path, { [name]: value }), `${name} = ${value}`, body);
          if (where === 'query')
            await ask(
              method,
              `${pathOf(path)}?${name}=${encodeURIComponent(value)}`,
              `${name} = ${value}`,
              body,
            );
        }
    }
    expect(unfit).toEqual([]);
  });

  it('are stored by none of them when they are an API key or a passphrase', async () => {
    const found: string[] = [];
    let events = 0;
    for await (const { type, data, metadata } of product.foundations.eventStore.readAll()) {
      events += 1;
      if ([KEY, PASSPHRASE].some((secret) => `${data} ${metadata}`.includes(secret)))
        found.push(type);
    }
    // How many refusals become one event is a matter of time.
    expect(events).toBeGreaterThan(10);
    expect(found).toEqual([]);
  });

  it('stopped no projection: all of them are at the head of the log', async () => {
    const head = await product.foundations.eventStore.head();
    const { value } = await product.app
      .get(ReadModels)
      .read(
        { projections: projections.map(({ name }) => name), atLeast: head ?? position(0n) },
        () => Promise.resolve('there'),
      );
    expect(value).toBe('there');
  });
});
