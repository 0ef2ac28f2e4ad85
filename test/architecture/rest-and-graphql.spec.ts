import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { GraphQLField, GraphQLInputType, GraphQLOutputType } from 'graphql';
import { buildSchema, getNamedType, isInputObjectType, isObjectType, isScalarType } from 'graphql';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** A REST operation, and the field of GraphQL that does the same. */
const COUNTERPARTS: Readonly<Record<string, string>> = {
  createNetwork: 'mutation createNetwork',
  listNetworks: 'query networks',
  getNetwork: 'query network',
  setKeyPolicy: 'mutation setKeyPolicy',
  setApiProfile: 'mutation setApiProfile',
  issueWebhookCredential: 'mutation issueWebhookCredential',
  revokeWebhookCredential: 'mutation revokeWebhookCredential',
  admitEmployee: 'mutation admitEmployee',
  listEmployees: 'query employees',
  getEmployee: 'query employee',
  changeEmployeeRights: 'mutation changeEmployeeRights',
  removeEmployee: 'mutation removeEmployee',
  registerPartner: 'mutation registerPartner',
  listPartners: 'query partners',
  importPartners: 'mutation importPartners',
  getPartner: 'query partner',
  assessPartner: 'query partnerEligibility',
  changePartnerStatus: 'mutation changePartnerStatus',
  assignPartnerManager: 'mutation assignPartnerManager',
  confirmTechnicalCapacity: 'mutation confirmTechnicalCapacity',
  withdrawTechnicalCapacity: 'mutation withdrawTechnicalCapacity',
  openFlag: 'mutation openFlag',
  closeFlag: 'mutation closeFlag',
  assessPartnerTraits: 'mutation assessPartnerTraits',
  linkPartnerUser: 'mutation linkPartnerUser',
  unlinkPartnerUser: 'mutation unlinkPartnerUser',
  registerMarketplacePartner: 'mutation registerMarketplacePartner',
  listMarketplacePartners: 'query marketplacePartners',
  getMarketplacePartner: 'query marketplacePartner',
  connectMarketplacePartner: 'mutation connectMarketplacePartner',
  disconnectMarketplacePartner: 'mutation disconnectMarketplacePartner',
  linkMarketplaceUser: 'mutation linkMarketplaceUser',
  unlinkMarketplaceUser: 'mutation unlinkMarketplaceUser',
  listConnectionKeys: 'query connectionKeys',
  listMyConnectionKeys: 'query myConnectionKeys',
  revealMyConnectionKeys: 'mutation revealMyConnectionKeys',
  listDeadLetters: 'query deadLetters',
  issueKey: 'mutation issueApiKey',
  listKeys: 'query apiKeys',
  getKey: 'query apiKey',
  revealKey: 'mutation revealApiKey',
  revokeKey: 'mutation revokeApiKey',
  reissueKey: 'mutation reissueApiKey',
  suspendKey: 'mutation suspendApiKey',
  reinstateKey: 'mutation reinstateApiKey',
  relabelKey: 'mutation relabelApiKey',
  shareKey: 'mutation shareApiKey',
  suspendKeyRing: 'mutation suspendKeyRing',
  reinstateKeyRing: 'mutation reinstateKeyRing',
  listShares: 'query shares',
  getShare: 'query share',
  endShare: 'mutation endShare',
  openShare: 'mutation openShare',
  me: 'query me',
  myApi: 'query myApi',
  revealMyKey: 'mutation revealMyApiKey',
  searchAuditTrail: 'query auditTrail',
};

/** What only one side has, and why. */
const REST_ONLY: Readonly<Record<string, string>> = {
  checkLiveness: 'a probe asks for a status code',
  checkReadiness: 'a probe asks for a status code',
  protectedResource: 'RFC 9728 says where it stands',
  sharePage: 'a page for people without an access token, which GraphQL asks for',
  takePartnerCreated: 'the vendor posts its own shape to it',
  takePartnerUpdated: 'the vendor posts its own shape to it',
  takePartnerSignedUp: 'the vendor posts its own shape to it',
  takePartnerSignUpVerdict: 'the vendor posts its own shape to it',
};
const GRAPHQL_ONLY: Readonly<Record<string, string>> = {
  'query ledger': 'REST says it in the header X-Ledger-Position of every answer',
};

/** Parts of an answer that GraphQL says elsewhere or otherwise, by operation. */
const SAID_OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  // In the object `access`; and a path to POST to is of no use here, so `revealable` says whether there is one.
  myApi: [
    'baseUrl',
    'headerName',
    'exampleRequest',
    'documentation',
    'documentation/title',
    'documentation/url',
    'keys/reveal',
  ],
  // As `refusal`.
  importPartners: ['results/reason', 'results/reason/pointer', 'results/reason/reason'],
};

interface Shape {
  readonly $ref?: string;
  readonly allOf?: readonly Shape[];
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly $ref?: string;
    readonly name?: string;
    readonly in?: string;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Shape }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Shape }>> }>
  >;
}

const openApi = JSON.parse(read('openapi.json')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Shape>> };
};
const schema = buildSchema(read('schema.gql'));
const operations = Object.values(openApi.paths).flatMap((item) => Object.values(item));
const fields = new Map<string, GraphQLField<unknown, unknown>>(
  [
    ['query', schema.getQueryType()] as const,
    ['mutation', schema.getMutationType()] as const,
  ].flatMap(([kind, type]) =>
    Object.entries(type?.getFields() ?? {}).map(
      ([name, field]) => [`${kind} ${name}`, field] as const,
    ),
  ),
);

/** Properties of an object by name; of a page, those of its items. */
function propertiesOf(shape: Shape | undefined): Readonly<Record<string, Shape>> {
  if (shape === undefined) return {};
  if (shape.$ref !== undefined)
    return propertiesOf(openApi.components.schemas[shape.$ref.split('/').at(-1) ?? '']);
  const parts = [
    ...(shape.allOf ?? []),
    ...(shape.anyOf ?? []),
    ...(shape.items ? [shape.items] : []),
  ];
  const { items, page } = shape.properties ?? {};
  if (items && page) return propertiesOf(items);
  return Object.assign({}, ...parts.map(propertiesOf), shape.properties) as Record<string, Shape>;
}

/** Each field with the way to it, such as `keyPolicy/shareTtlSeconds/max`. */
const pathsOf = (properties: Readonly<Record<string, Shape>>, above = ''): readonly string[] =>
  Object.entries(properties).flatMap(([name, shape]) => [
    `${above}${name}`,
    ...pathsOf(propertiesOf(shape), `${above}${name}/`),
  ]);

function inputsOf({ parameters, requestBody }: Operation): readonly string[] {
  const given = (parameters ?? []).flatMap(({ name, in: place }) =>
    place === 'path' || place === 'query' ? [name ?? ''] : name === 'If-Match' ? ['ifMatch'] : [],
  );
  return [...given, ...pathsOf(propertiesOf(requestBody?.content['application/json']?.schema))];
}

/** What REST says flat, GraphQL may say as an object (`input`, `user`). */
function pathsOfInput(
  name: string,
  type: GraphQLInputType,
  rest: readonly string[],
  above = '',
): readonly string[] {
  const named = getNamedType(type);
  const own = `${above}${name}`;
  if (!isInputObjectType(named)) return [own];
  const flat = above === '' && !rest.includes(own);
  return [
    ...(flat ? [] : [own]),
    ...Object.values(named.getFields()).flatMap((field) =>
      pathsOfInput(field.name, field.type, rest, flat ? '' : `${own}/`),
    ),
  ];
}

function hasField(type: GraphQLOutputType, [name = '', ...below]: readonly string[]): boolean {
  const named = getNamedType(type);
  // Plain JSON holds whatever it holds.
  if (isScalarType(named) && named.name === 'JSON') return true;
  if (!isObjectType(named)) return false;
  const { edges, items, [name]: field } = named.getFields();
  if (items) return hasField(items.type, [name, ...below]);
  if (edges) return hasField(edges.type, ['node', name, ...below]);
  return field !== undefined && (below.length === 0 || hasField(field.type, below));
}

const pairs = operations.flatMap((operation) => {
  const field = fields.get(COUNTERPARTS[operation.operationId] ?? '');
  return field ? [{ name: operation.operationId, operation, field }] : [];
});

describe('REST and GraphQL', () => {
  it('have the same queries and mutations, but for a short list with a reason each', () => {
    const known = [...Object.keys(COUNTERPARTS), ...Object.keys(REST_ONLY)];
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(known.sort());
    const mapped = [...Object.values(COUNTERPARTS), ...Object.keys(GRAPHQL_ONLY)];
    expect([...fields.keys()].sort()).toEqual(mapped.sort());
  });

  it.each(pairs)('$name takes the same on both sides', ({ operation, field }) => {
    const rest = inputsOf(operation);
    const graphql = field.args.flatMap((arg) => pathsOfInput(arg.name, arg.type, rest));
    expect([...graphql].sort()).toEqual([...rest].sort());
  });

  it.each(pairs)('$name answers as much on both sides', ({ name, operation, field }) => {
    const [, answer] =
      Object.entries(operation.responses).find(([status]) => status.startsWith('2')) ?? [];
    const rest = pathsOf(propertiesOf(answer?.content?.['application/json']?.schema));
    expect(rest.length).toBeGreaterThan(0);
    const elsewhere = SAID_OTHERWISE[name] ?? [];
    const missing = rest.filter(
      (way) => !elsewhere.includes(way) && !hasField(field.type, way.split('/')),
    );
    expect(missing).toEqual([]);
  });
});
