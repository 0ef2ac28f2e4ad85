import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Logger } from '@nestjs/common';
import type { DomainError } from '#kernel';
import { ProblemCatalogue } from './catalogue.js';
import { domainErrorOf, problemOf } from './problem-of.js';
import { graphQLErrorOf } from './graphql-error.js';

export interface ProblemRequest {
  readonly id?: unknown;
  readonly routeOptions?: { readonly bodyLimit?: number };
}

export interface ProblemReply {
  readonly sent: boolean;
  status(code: number): ProblemReply;
  header(name: string, value: string): ProblemReply;
  type(mediaType: string): ProblemReply;
  send(body: unknown): unknown;
}

const UNAVAILABLE = 503;
/** Errors that an error may be caused by, and that are told. */
const CAUSES_MAX = 4;
/** Of `#messaging`, by name and not by class. Nobody reads the answer, and the request's own line says that it was aborted. */
const CALLER_LEFT = 'CallerLeftError';

/** Renders every error of the REST side as `application/problem+json`, and of GraphQL resolvers with `extensions.code`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly catalogue: ProblemCatalogue) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType<string>() !== 'http') {
      const correlationId = correlationIdOf(contextOf(host).reply?.request);
      throw graphQLErrorOf(this.catalogue, this.logged(error, correlationId));
    }
    const http = host.switchToHttp();
    return this.respond(error, http.getRequest<ProblemRequest>(), http.getResponse<ProblemReply>());
  }

  /** The same for what fails outside of a handler: hooks, body parsers, unknown paths. */
  respond(error: unknown, request: ProblemRequest, reply: ProblemReply): unknown {
    const correlationId = correlationIdOf(request);
    const known = this.logged(error, correlationId, request.routeOptions?.bodyLimit);
    if (reply.sent) return undefined;
    const problem = problemOf(this.catalogue, known, correlationId);
    const definition = this.catalogue.get(known.code);
    const named = known.details['retryAfterSeconds'];
    const retryAfterSeconds = typeof named === 'number' ? named : definition?.retryAfterSeconds;
    reply
      .status(problem.status)
      .type('application/problem+json')
      .header('cache-control', 'no-store');
    if (retryAfterSeconds !== undefined)
      reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds))));
    return reply.send(problem);
  }

  private logged(
    error: unknown,
    correlationId: string | undefined,
    bodyBytesMax?: number,
  ): DomainError {
    const known = domainErrorOf(error, bodyBytesMax);
    const status = this.catalogue.get(known.code)?.status ?? 500;
    const { code } = known;
    if (hasLeft(error)) return known;
    // Something else is away or late: which line of ours met it says nothing.
    if (status === UNAVAILABLE)
      this.logger.error({ code, correlationId, reason: reasonOf(error) }, 'request failed');
    else if (status >= 500)
      this.logger.error({ err: error, code, correlationId }, 'request failed');
    return known;
  }
}

/** Of a resolver: root, arguments, context, info. */
const contextOf = (
  host: ArgumentsHost,
): { readonly reply?: { readonly request: ProblemRequest } } =>
  host.getArgByIndex<object | undefined>(2) ?? {};

const correlationIdOf = (request: ProblemRequest | undefined): string | undefined =>
  typeof request?.id === 'string' ? request.id : undefined;

/** Waits that a signal ends reject with an error of their own, caused by the signal's reason. */
const hasLeft = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === CALLER_LEFT ||
    (error.cause instanceof Error && error.cause.name === CALLER_LEFT));

/** What an error says, and what its causes say that it does not say itself. */
function reasonOf(error: unknown): string {
  const told: string[] = [];
  let cause = error;
  for (let depth = 0; depth <= CAUSES_MAX && cause instanceof Error; depth += 1) {
    const { message, name } = cause;
    const { code } = cause as { code?: unknown };
    // Node says of a server that refuses on all of its addresses nothing but a code.
    const words = message !== '' ? message : typeof code === 'string' ? code : name;
    if (!told.some((before) => before.includes(words))) told.push(words);
    ({ cause } = cause);
  }
  return told.join(': ');
}
