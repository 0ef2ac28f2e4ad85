import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { printSchema } from 'graphql';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

/** `npm run schemas` sets it: what the application says is written instead of compared. */
const WRITE = process.env['KEYLEDGER_WRITE_SCHEMAS'] === '1';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const root = path.resolve(import.meta.dirname, '../..');

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

describe('the descriptions of the API', () => {
  let application: TestApplication;
  let openApi: OpenApi;

  beforeAll(async () => {
    application = await testApplication();
    openApi = (await application.call<OpenApi>('/openapi.json')).body;
  }, 60_000);
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
        return operation ? [{ name: `${method.toUpperCase()} ${route}`, route, operation }] : [];
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
        ({ route, operation: { operationId, summary, responses } }) =>
          route.startsWith('/v1/') &&
          (summary === undefined ||
            operationId === undefined ||
            operationId.includes('Controller') ||
            !Object.entries(responses).some(([status, { content }]) => status < '300' && content)),
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
    const references = JSON.stringify(openApi).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name = ''] of references) expect(openApi.components.schemas).toHaveProperty(name);
  });
});
