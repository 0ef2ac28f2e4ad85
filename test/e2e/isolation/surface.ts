import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { GraphQLField, GraphQLOutputType, GraphQLSchema } from 'graphql';
import {
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql';
import type { TestApplication } from '#test/application';

/** Below the limit on depth, which counts the root field. */
const SELECTION_DEPTH_MAX = 6;

/** `METHOD /path`, each that the server's own router holds. */
export function routesOf({ app }: TestApplication): readonly string[] {
  const server = app.getHttpAdapter().getInstance() as {
    printRoutes(options: { commonPrefix: boolean }): string;
  };
  const above: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent, part, methods] = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
      if (indent === undefined || part === undefined) return [];
      above.splice(indent.length / 4, Infinity, part);
      return (methods?.split(', ') ?? []).map((method) => `${method} ${above.join('')}`);
    })
    .filter((route) => !route.startsWith('HEAD '));
}

/** `METHOD /path`, each that the description of the API names. */
export function describedRoutes(openApi: object): readonly string[] {
  const { paths } = openApi as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => ['delete', 'get', 'patch', 'post', 'put'].includes(method))
      .map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
}

export function schemaOf({ app }: TestApplication): GraphQLSchema {
  return app.get(GraphQLSchemaHost, { strict: false }).schema;
}

/** `query name` and `mutation name`. */
export function graphQLFieldsOf(product: TestApplication): readonly string[] {
  const schema = schemaOf(product);
  return [
    ...Object.keys(schema.getQueryType()?.getFields() ?? {}).map((name) => `query ${name}`),
    ...Object.keys(schema.getMutationType()?.getFields() ?? {}).map((name) => `mutation ${name}`),
  ];
}

/** A document that asks for all that a root field can say without further arguments. */
export function documentFor(product: TestApplication, rootField: string): string {
  const [operation = '', name = ''] = rootField.split(' ');
  const schema = schemaOf(product);
  const root = operation === 'query' ? schema.getQueryType() : schema.getMutationType();
  const field = root?.getFields()[name];
  if (field === undefined) throw new Error(`the schema has no ${rootField}`);
  const declared = field.args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ');
  const given = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const around = (text: string) => (text === '' ? '' : `(${text})`);
  return `${operation}${around(declared)} { ${name}${around(given)} ${selection(schema, field.type, 1)} }`;
}

function selection(schema: GraphQLSchema, type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (isUnionType(named) || isInterfaceType(named))
    return `{ __typename ${schema
      .getPossibleTypes(named)
      .map((possible) => `... on ${possible.name} ${selection(schema, possible, depth)}`)
      .join(' ')} }`;
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields())
    .filter((field) => askable(field, depth))
    .map((field) => {
      const few = field.args.some(({ name }) => name === 'first') ? '(first: 2)' : '';
      return `${field.name}${few} ${selection(schema, field.type, depth + 1)}`;
    });
  return `{ ${['__typename', ...fields].join(' ')} }`;
}

function askable(field: GraphQLField<unknown, unknown>, depth: number): boolean {
  if (field.args.some(isRequiredArgument)) return false;
  return isLeafType(getNamedType(field.type)) || depth < SELECTION_DEPTH_MAX;
}
