import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { PublicRoute } from '#access';
import { publicRoute } from '#access';
import { POSITION_HEADER } from '#messaging';
import { PROBLEM_MEANINGS } from '#rest';
import type { ProblemStatus } from '#rest';
import { CORRELATION_HEADER } from './http.js';

export const OPENAPI_PATH = '/openapi.json';
export const DOCS_PATH = '/docs';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const PROBLEM = { $ref: '#/components/schemas/Problem' };
const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Up to 255 visible ASCII characters, such as a UUID. A retry under the same key changes nothing and gets the first answer, less a secret that is shown once; with another body it is refused (422).',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** RFC 9457, as every error is answered. */
const problemSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457). `code` is stable, and has a page in `docs/errors`.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', examples: ['keys/key-not-found'] },
    correlationId: { type: 'string', format: 'uuid' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'problem'],
        properties: {
          pointer: { type: 'string', description: 'JSON pointer to the field.' },
          problem: { type: 'string' },
        },
      },
    },
    details: { type: 'object', additionalProperties: true },
  },
};

const headers = {
  Position: {
    description:
      'The ledger position that the answer is true at: a refusal too was decided on no less. Queries take it as `atLeast`. Where nothing was read to answer, a position that the log had reached before. Without a valid access token it stands only on what succeeds.',
    schema: { type: 'string', pattern: '^\\d+$', examples: ['4711'] },
  },
  CorrelationId: {
    description: 'Names this request in logs and in the audit trail.',
    schema: { type: 'string', format: 'uuid' },
  },
  RetryAfter: {
    description: 'Seconds.',
    schema: { type: 'integer', minimum: 1 },
  },
};
const header = (name: keyof typeof headers) => ({ $ref: `#/components/headers/${name}` });

/** The description of the REST side, OpenAPI 3.1, as it is committed in `openapi.json`. */
export function openApiOf(app: INestApplication): OpenAPIObject {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Keyledger')
    .setDescription(
      'The system of record and the enforcement point for partner API keys. Every answer to a request with a valid access token, GraphQL’s and refusals too, says in `X-Ledger-Position` what it is true at; a query takes a position as `atLeast`. Without one, only what succeeds says it (a share that is opened, a webhook that is taken): how fast the log grows is not for strangers. Nor does what is answered before the token is looked at: 503 while the server starts, is not sure of its log or cannot read its issuer’s keys, and 404 for a path that is no path. Errors are problem details (RFC 9457) with stable codes.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This installation')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'X-Keyledger-Webhook-Credential' },
      'webhookCredential',
    )
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'a webhook credential' },
      'webhookBearer',
    )
    .addSecurityRequirements('bearer')
    .build();
  return completed(SwaggerModule.createDocument(app, base));
}

/** The page's own colours are too faint to read: white on light blue, green and yellow. */
const READABLE = `
.swagger-ui .opblock .opblock-summary-method { color: #000; text-shadow: none; }
.swagger-ui .info .title small { background: #4a5160; }
.swagger-ui .info .title small.version-stamp { background: #3d6b00; }
.swagger-ui .info a { color: #1a5ba6; }
html:not(.dark-mode) .json-schema-2020-12-expand-deep-button { color: #4a4a4a; }
.swagger-ui .btn.authorize { color: #17693f; border-color: #17693f; }
.swagger-ui .btn.authorize svg { fill: #17693f; }
.dark-mode .swagger-ui .info a { color: #8ab8f0; }
.dark-mode .swagger-ui .btn.authorize { color: #7fd6a8; border-color: #7fd6a8; }
.dark-mode .swagger-ui .btn.authorize svg { fill: #7fd6a8; }
`;

/** `/openapi.json`, and a page to browse it. */
export function describeApi(app: INestApplication): void {
  SwaggerModule.setup(DOCS_PATH.slice(1), app, () => openApiOf(app), {
    jsonDocumentUrl: OPENAPI_PATH.slice(1),
    swaggerOptions: { persistAuthorization: false, validatorUrl: null },
    customSiteTitle: 'Keyledger: REST API',
    customCss: READABLE,
    raw: ['json'],
  });
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** What holds for every route is said once, here, and not beside each. */
function completed(document: OpenAPIObject): OpenAPIObject {
  const components = (document.components ??= {});
  components.schemas = { ...components.schemas, Problem: problemSchema };
  components.headers = { ...components.headers, ...headers };
  components.parameters = { ...components.parameters, IdempotencyKey: idempotencyKey } as never;
  for (const [path, item] of Object.entries(document.paths))
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const route = path.replace(/\{(\w+)\}/g, ':$1');
      complete(operation, method, path, publicRoute(method.toUpperCase(), route));
    }
  return document;
}

/** The errors that a route's method and place bring with them, whatever it does. */
function errorsOf(
  { parameters = [], requestBody, security }: Operation,
  method: string,
  path: string,
  open: PublicRoute | undefined,
): readonly ProblemStatus[] {
  if (!path.startsWith('/v1/')) return open?.budget === 'none' ? [] : [429];
  const own = open === undefined;
  const changes = method !== 'get';
  const conditional = parameters.some((given) => 'name' in given && given.name === 'If-Match');
  const asks = changes || parameters.length > 0;
  const webhook = path.startsWith('/v1/webhooks/') && changes;
  return [
    ...(asks ? ([400] as const) : []),
    ...(own || (security ?? []).length > 0 ? ([401] as const) : []),
    ...(own ? ([403] as const) : []),
    ...(own && path.includes('{') ? ([404] as const) : []),
    ...(own && changes ? ([409, 422] as const) : []),
    ...(conditional ? ([412] as const) : []),
    ...(requestBody ? ([413] as const) : []),
    // A webhook's body is looked at by its handler, whatever it is called.
    ...(requestBody && !webhook ? ([415] as const) : []),
    429,
    503,
  ];
}

/** A refusal says it to whoever has shown a valid token; the page of a share link holds nothing of the ledger. */
function saysPosition(
  status: number,
  path: string,
  access: 'none' | 'optional' | undefined,
): boolean {
  if (!path.startsWith('/v1/') || path === '/v1/share') return false;
  return status < 300 || (status !== 401 && access !== 'none');
}

function complete(
  operation: Operation,
  method: string,
  path: string,
  open: PublicRoute | undefined,
): void {
  const access = open?.token;
  if (access === 'none') operation.security ??= [];
  const responses = operation.responses as Record<
    string,
    { description?: string; content?: object; headers?: object }
  >;
  if (access === undefined && path.startsWith('/v1/') && method !== 'get')
    operation.parameters = [
      ...(operation.parameters ?? []),
      { $ref: '#/components/parameters/IdempotencyKey' },
    ];
  for (const status of errorsOf(operation, method, path, open))
    responses[String(status)] ??= { description: PROBLEM_MEANINGS[status] };
  for (const [status, response] of Object.entries(responses)) {
    if (status === '429' || (Number(status) >= 400 && path.startsWith('/v1/')))
      response.content = { 'application/problem+json': { schema: PROBLEM } };
    response.headers = {
      ...response.headers,
      [CORRELATION_HEADER]: header('CorrelationId'),
      ...(saysPosition(Number(status), path, access)
        ? { [POSITION_HEADER]: header('Position') }
        : {}),
      ...(status === '429' || (status === '503' && path.startsWith('/v1/'))
        ? { 'retry-after': header('RetryAfter') }
        : {}),
    };
  }
}
