import type { ValidateFunction } from 'ajv/dist/2020.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

type Json = Readonly<Record<string, unknown>>;

interface Media {
  readonly schema?: Json;
}
interface Response {
  readonly content?: Readonly<Record<string, Media>>;
  readonly headers?: Json;
}
interface Operation {
  readonly parameters?: readonly { readonly in?: string; readonly name?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Exchanged {
  readonly method: string;
  readonly url: string;
  /** As it was sent; absent: nothing was. */
  readonly request?: unknown;
  /** Whether an access token was sent. */
  readonly token?: boolean;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A gate of the whole API, or what any operation may answer when it is at fault. */
const NEVER_DESCRIBED: ReadonlySet<number> = new Set([405, 500]);
/** Headers that a client acts on. */
const TOLD_HEADERS = ['etag', 'location', 'retry-after', 'x-ledger-position', 'x-correlation-id'];
const POSITION = 'x-ledger-position';
/** What is answered before the token is looked at, or because it can't be. */
const BEFORE_THE_TOKEN =
  /"code":"(access\/(unauthenticated|issuer-unavailable)|event-store\/another-log|request\/(not-found|starting))"/;
const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/,
  uri: /^https?:\/\//,
};

/**
 * Compares what the application takes and answers with its own description: what is said of a route is what it does.
 * A property that the description does not name is as wrong as one that is missing.
 */
export class DescribedAnswers {
  private readonly ajv = new Ajv2020({ strict: false, formats: FORMATS, allErrors: true });
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly routes: readonly {
    readonly path: string;
    readonly pattern: RegExp;
  }[];

  private readonly openApi: OpenApi;

  constructor(description: object) {
    const openApi = JSON.parse(JSON.stringify(description)) as OpenApi;
    this.openApi = openApi;
    this.ajv.addSchema(closed(openApi) as Json, 'api');
    this.routes = Object.keys(openApi.paths)
      // A path that stands as it is comes before one with a parameter in the same place.
      .sort((one, other) => one.split('{').length - other.split('{').length)
      .map((path) => ({
        path,
        pattern: new RegExp(`^${path.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
      }));
  }

  /** What is not as it is described; empty for a route that is not described at all. */
  problemsOf(exchanged: Exchanged): readonly string[] {
    const [path = '', query = ''] = exchanged.url.split('?');
    const route = this.routes.find(({ pattern }) => pattern.test(path))?.path;
    const method = exchanged.method.toLowerCase();
    const operation = route === undefined ? undefined : this.openApi.paths[route]?.[method];
    if (path === '/graphql') return this.positionProblems(true, exchanged);
    if (route === undefined || operation === undefined) return [];
    const name = `${exchanged.method} ${route}`;
    const pointer = ['paths', route, method];
    return [
      ...this.requestProblems(operation, pointer, exchanged, query),
      ...this.answerProblems(operation, pointer, exchanged),
    ].map((problem) => `${name}: ${problem}`);
  }

  /** Looked at where the request was accepted: what is refused may be as odd as it likes. */
  private requestProblems(
    { parameters = [], requestBody }: Operation,
    pointer: readonly string[],
    { status, request, method }: Exchanged,
    query: string,
  ): readonly string[] {
    if (status >= 300) return [];
    const known = parameters.filter((one) => one.in === 'query').map((one) => one.name);
    const unknown = [...new URLSearchParams(query).keys()]
      .filter((one) => method === 'GET' && !known.includes(one))
      .map((one) => `takes ?${one}, which is not described`);
    const media = requestBody?.content['application/json'];
    if (request === undefined || typeof request === 'string' || !media) return unknown;
    const at = [...pointer, 'requestBody', 'content', 'application/json', 'schema'];
    return [...unknown, ...this.shapeProblems('request', at, request)];
  }

  private answerProblems(
    { responses }: Operation,
    pointer: readonly string[],
    exchanged: Exchanged,
  ): readonly string[] {
    const { status, headers, text } = exchanged;
    const response = responses[String(status)];
    if (!response)
      return NEVER_DESCRIBED.has(status)
        ? []
        : [`answers ${String(status)}, which is not described`];
    const [media = ''] = String(headers['content-type']).split(';');
    if (!response.content?.[media]) return [`answers ${String(status)} as ${media}`];
    const described = Object.keys(response.headers ?? {}).map((header) => header.toLowerCase());
    const wrong = [
      ...described
        .filter((header) => header !== POSITION && headers[header] === undefined)
        .map((header) => `answers ${String(status)} without its header ${header}`),
      ...TOLD_HEADERS.filter(
        (header) => headers[header] !== undefined && !described.includes(header),
      ).map((header) => `answers ${String(status)} with ${header}, which is not described`),
      ...this.positionProblems(described.includes(POSITION), exchanged),
    ];
    if (!media.includes('json')) return wrong;
    const at = [...pointer, 'responses', String(status), 'content', media, 'schema'];
    return [...wrong, ...this.shapeProblems(`answer ${String(status)}`, at, JSON.parse(text))];
  }

  /** Refusals say it to whoever brought a valid token, and to nobody else. */
  private positionProblems(
    described: boolean,
    { status, headers, text, token = false }: Exchanged,
  ): readonly string[] {
    const said = headers[POSITION];
    const refused = status >= 400;
    if (refused && !token && said !== undefined)
      return [`answers ${String(status)} with ${POSITION} to somebody without a token`];
    const wanted = described && (!refused || (token && !BEFORE_THE_TOKEN.test(text)));
    return wanted && !/^\d+$/.test(String(said))
      ? [`answers ${String(status)} without its header ${POSITION}`]
      : [];
  }

  private shapeProblems(
    what: string,
    pointer: readonly string[],
    value: unknown,
  ): readonly string[] {
    const reference = `api#/${pointer.map(escaped).join('/')}`;
    let validate = this.validators.get(reference);
    if (!validate) {
      validate = this.ajv.compile({ $ref: reference });
      this.validators.set(reference, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message = '', params }) =>
        `${what}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

const escaped = (part: string) =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** The same, with every object closed that does not say what else it may hold. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, closed(value)]),
  );
  const open = typeof inner['properties'] === 'object' && !('additionalProperties' in inner);
  return open && 'type' in inner ? { ...inner, additionalProperties: false } : inner;
}
