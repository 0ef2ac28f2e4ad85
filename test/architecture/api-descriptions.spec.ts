import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { printSchema } from 'graphql';
import { publicRoute } from '#access';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

/** `npm run schemas` sets it: what the application says is written instead of compared. */
const WRITE = process.env['KEYLEDGER_WRITE_SCHEMAS'] === '1';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const root = path.resolve(import.meta.dirname, '../..');

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly $ref?: string;
    readonly name?: string;
    readonly in?: string;
    readonly required?: boolean;
    readonly schema?: object;
  }[];
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<string, { readonly content?: object; readonly headers?: object }>
  >;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

describe('the descriptions of the API', () => {
  let application: TestApplication;
  let openApi: OpenApi;

  beforeAll(async () => {
    application = await testApplication();
    openApi = (await application.call<OpenApi>('/openapi.json')).body;
  });
  afterAll(async () => {
    await application.close();
  });

  async function committed(file: string, said: string): Promise<string> {
    const at = path.join(root, file);
    if (WRITE) await writeFile(at, said);
    return readFile(at, 'utf8');
  }
  const operations = () =>
    Object.entries(openApi.paths).flatMap(([route, item]) =>
      METHODS.flatMap((method) => {
        const operation = item[method];
        return operation
          ? [{ name: `${method.toUpperCase()} ${route}`, method, route, operation }]
          : [];
      }),
    );

  it('openapi.json is what the application describes; `npm run schemas` writes it', async () => {
    const said = `${JSON.stringify(openApi, null, 2)}\n`;
    expect(await committed('openapi.json', said)).toBe(said);
  });

  it('schema.gql is what the application describes; `npm run schemas` writes it', async () => {
    const said = `${printSchema(application.app.get(GraphQLSchemaHost).schema)}\n`;
    expect(await committed('schema.gql', said)).toBe(said);
  });

  it('every operation has a name of its own, a summary and an answer with a shape', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    const poor = operations()
      .filter(
        ({ operation: { operationId, summary, responses } }) =>
          summary === undefined ||
          operationId === undefined ||
          operationId.includes('Controller') ||
          !Object.entries(responses).some(([status, { content }]) => status < '300' && content),
      )
      .map(({ name }) => name);
    expect(poor).toEqual([]);
  });

  it('every error is a problem, and every reference leads somewhere', () => {
    for (const { name, route, operation } of operations())
      for (const [status, { content }] of Object.entries(operation.responses))
        if (route.startsWith('/v1/') && status >= '400')
          expect([name, status, Object.keys(content ?? {})]).toEqual([
            name,
            status,
            ['application/problem+json'],
          ]);
    const references = JSON.stringify(openApi).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g);
    for (const [, kind = '', name = ''] of references)
      expect(openApi.components[kind]).toHaveProperty(name);
  });

  it('is OpenAPI 3.1, with schemas of its dialect and each path parameter declared once', () => {
    expect(openApi.openapi).toMatch(/^3\.1\./);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const wrong = Object.entries(openApi.components['schemas'] ?? {})
      .filter(([, schema]) => ajv.validateSchema(schema) !== true)
      .map(([name]) => [name, ajv.errorsText()]);
    expect(wrong).toEqual([]);
    for (const { name, route, operation } of operations()) {
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect([name, declared.map((one) => one.name).sort()]).toEqual([name, inPath.sort()]);
      expect([name, declared.every(({ required, schema }) => required && schema)]).toEqual([
        name,
        true,
      ]);
    }
    expect(JSON.stringify(openApi)).not.toContain('"nullable"');
  });

  it('each operation says who may call it: a token, a credential, or nobody asked for one', () => {
    const schemes = openApi.components['securitySchemes'] ?? {};
    for (const { name, method, route, operation } of operations()) {
      const listed = publicRoute(method.toUpperCase(), route.replace(/\{(\w+)\}/g, ':$1'));
      const asked = (operation.security ?? []).map((one) => Object.keys(one).join());
      for (const scheme of asked.filter(Boolean)) expect(schemes).toHaveProperty(scheme);
      const expected = route.startsWith('/v1/webhooks/partners/')
        ? ['webhookCredential', 'webhookBearer']
        : { none: [], optional: ['', 'bearer'], token: ['bearer'] }[listed?.token ?? 'token'];
      expect([name, asked]).toEqual([name, expected]);
    }
  });

  it('each operation names the errors that its method, its body and its place bring with them', () => {
    for (const { name, method, route, operation } of operations()) {
      if (!route.startsWith('/v1/')) continue;
      const { security = [], parameters = [], requestBody, responses } = operation;
      const takesToken = security.some((one) => 'bearer' in one);
      const headers = parameters.map(({ name: own, $ref }) => own ?? $ref?.split('/').at(-1));
      const own = takesToken && security.length === 1;
      const changes = own && method !== 'get';
      const expected = [
        ...(method === 'get' && parameters.length === 0 ? [] : ['400']),
        ...(security.length > 0 ? ['401'] : []),
        ...(takesToken ? ['403'] : []),
        ...(own && route.includes('{') ? ['404'] : []),
        ...(changes ? ['409', '422'] : []),
        ...(headers.includes('If-Match') ? ['412'] : []),
        ...(requestBody ? ['413'] : []),
        '429',
        '503',
      ];
      expect([name, Object.keys(responses)]).toEqual([
        name,
        expect.arrayContaining(expected) as unknown,
      ]);
      expect([name, headers.includes('IdempotencyKey')]).toEqual([name, changes]);
      for (const status of ['429', '503'])
        expect(responses[status]?.headers).toHaveProperty('retry-after');
    }
  });
});
