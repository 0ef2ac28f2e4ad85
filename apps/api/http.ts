import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerFactory } from 'fastify';
import { publicRoute } from '#access';
import { DomainError } from '#kernel';
import { LoggedPaths, RequestLines } from '#platform/logging';
import type { Metrics } from '#platform/metrics';
import type { FieldProblem, ProblemCatalogue, ProblemFilter } from '#problems';
import { isTooDeep, JSON_DEPTH_MAX } from '#rest';
import { KEEP_ALIVE_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './front-door.js';
import { refuseUnreadable } from './unreadable-requests.js';

/** One request's body; imports come in batches below it. */
export const BODY_BYTES_MAX = 1_048_576;
export const URL_PARAMETER_CHARACTERS_MAX = 256;
export const CORRELATION_HEADER = 'x-correlation-id';

const TOO_DEEP: FieldProblem = {
  pointer: '',
  problem: `must not be nested deeper than ${String(JSON_DEPTH_MAX)} levels`,
};

/** The API browser brings its script along; its styles are partly set by that script. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/**
 * Fastify gives a route the error handler that it finds when the route is added, and Nest sets its own after its routes:
 * what fails in a hook would be answered in Fastify's words. So ours is set first, and is the only one.
 */
class ProblemAdapter extends FastifyAdapter {
  override setErrorHandler() {
    return this.instance;
  }
}

export function httpAdapter(
  problems: ProblemFilter,
  catalogue: ProblemCatalogue,
  serverFactory?: FastifyServerFactory,
): FastifyAdapter {
  return new ProblemAdapter({
    // Paths that Fastify refuses before there is a route.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header(CORRELATION_HEADER, request.id);
      void problems.respond(error, request, reply);
    },
    clientErrorHandler: refuseUnreadable(catalogue),
    ...(serverFactory ? { serverFactory } : {}),
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // Requests in flight are finished at a shutdown, idle connections are not waited for.
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: URL_PARAMETER_CHARACTERS_MAX, caseSensitive: true },
    // Ours alone: an id that a client chooses would let it write another's trail.
    genReqId: () => randomUUID(),
    trustProxy: false,
    logger: false,
  });
}

/** Headers of every answer, its duration by route template, and problems for what fails outside of a handler. */
export async function equip(
  app: NestFastifyApplication,
  metrics: Metrics,
  problems: ProblemFilter,
): Promise<void> {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  fastify.setErrorHandler((error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    problems.respond(error, request, reply),
  );
  const loggedPaths = app.get(LoggedPaths, { strict: false });
  fastify.addHook('onRoute', ({ url }) => {
    loggedPaths.learn(url);
  });
  const requestLines = app.get(RequestLines, { strict: false });
  const lined = new WeakSet<FastifyReply>();
  const writeLine = (request: FastifyRequest, reply: FastifyReply, aborted: boolean): void => {
    if (lined.has(reply)) return;
    lined.add(reply);
    requestLines.write({
      raw: request.raw,
      id: request.id,
      method: request.method,
      url: request.url,
      statusCode: reply.statusCode,
      milliseconds: reply.elapsedTime,
      aborted,
    });
  };
  await app.register(helmet, {
    // The share page and the API browser bring policies of their own.
    contentSecurityPolicy: {
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      useDefaults: false,
    },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    strictTransportSecurity: { maxAge: 31_536_000 },
  });
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    void reply.header(CORRELATION_HEADER, request.id);
    // An answer that its caller does not wait for has no `onResponse`.
    reply.raw.once('close', () => {
      writeLine(request, reply, !reply.raw.writableFinished);
    });
    forgetTypeOfNothing(request);
    const [path = ''] = request.url.split('?');
    if (/^\/docs(\/|$)/.test(path)) void reply.header('content-security-policy', DOCS_POLICY);
    done();
  });
  refuseOtherMethods(fastify);
  // Behind the gate: who is not let in learns nothing else of a route.
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    done(isAcceptable(request) ? null : new DomainError('request/unsupported-media-type'));
  });
  // What reads a body further on goes into it by recursion.
  fastify.addHook('preValidation', (request, _reply, done) => {
    done(
      isTooDeep(request.body)
        ? new DomainError('request/invalid', { errors: [TOO_DEEP] })
        : undefined,
    );
  });
  fastify.addHook(
    'onResponse',
    (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      metrics.observeRequest(
        request.routeOptions.url,
        request.method,
        reply.statusCode,
        reply.elapsedTime / 1_000,
      );
      writeLine(request, reply, false);
      done();
    },
  );
}

interface KnownPath {
  readonly url: string;
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/**
 * A path that is there for other methods is answered 405, and what it is there for. Where a token is needed that is said
 * behind the gate, whose hook comes before parsing: a stranger learns that a token is missing, and nothing else.
 */
function refuseOtherMethods(fastify: FastifyInstance): void {
  const known = new Map<string, KnownPath>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const route = known.get(url) ?? { url, pattern: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) route.methods.add(one);
    known.set(url, route);
  });
  const refusal = (
    request: FastifyRequest,
    reply: FastifyReply,
    where: (route: KnownPath) => boolean,
  ): DomainError | undefined => {
    if (!request.is404) return undefined;
    const [path = ''] = request.url.split('?');
    const there = [...known.values()].filter(({ pattern }) => pattern.test(path));
    if (there.length === 0 || !there.every(where)) return undefined;
    const methods = new Set(there.flatMap((route) => [...route.methods]));
    void reply.header('allow', [...methods].sort().join(', '));
    return new DomainError('request/method-not-allowed');
  };
  fastify.addHook('onRequest', (request, reply, done) => {
    done(refusal(request, reply, isOpen));
  });
  fastify.addHook('preParsing', (request, reply, _, done) => {
    done(refusal(request, reply, () => true) ?? null);
  });
}

const isOpen = ({ url, methods }: KnownPath): boolean =>
  [...methods].every((method) => publicRoute(method, url) !== undefined);

/** Of a route as Fastify writes it (`/v1/partners/:partnerId`, `/docs/*`). */
const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace(/\*/g, '.*')}$`,
  );

/** Many clients call every body JSON, also when they send none. */
function forgetTypeOfNothing({ headers }: FastifyRequest): void {
  const nothing =
    (headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined;
  if (nothing && JSON_MEDIA.test(headers['content-type'] ?? '')) delete headers['content-type'];
}

const JSON_MEDIA = /^application\/([\w.+-]+\+)?json\s*(;|$)/i;
const FORM_MEDIA = /^application\/x-www-form-urlencoded\s*(;|$)/i;
/** The page of a share link works without JavaScript: its form is the only one. */
const FORM_ROUTES: ReadonlySet<string> = new Set(['/v1/shares/open']);

/** Bodies are JSON; a webhook's is looked at by its handler, which keeps what it can't read as a dead letter. */
function isAcceptable({ headers, routeOptions }: FastifyRequest): boolean {
  const media = headers['content-type'];
  const route = routeOptions.url ?? '';
  if (media === undefined || JSON_MEDIA.test(media)) return true;
  return route.startsWith('/v1/webhooks/') || (FORM_MEDIA.test(media) && FORM_ROUTES.has(route));
}
