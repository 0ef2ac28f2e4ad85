import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Logger } from '@nestjs/common';
import { ProblemCatalogue } from './catalogue.js';
import { domainErrorOf, problemOf } from './problem-of.js';
import { graphQLErrorOf } from './graphql-error.js';

interface Reply {
  readonly sent: boolean;
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  type(mediaType: string): Reply;
  send(body: unknown): unknown;
}

/** Renders every error of the REST side as `application/problem+json`, and of GraphQL resolvers with `extensions.code`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly catalogue: ProblemCatalogue) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    const known = domainErrorOf(error);
    const request =
      host.getType<string>() === 'http'
        ? host.switchToHttp().getRequest<{ id?: unknown }>()
        : undefined;
    const correlationId = typeof request?.id === 'string' ? request.id : undefined;
    const problem = problemOf(this.catalogue, known, correlationId);
    if (problem.status >= 500)
      this.logger.error({ err: error, code: known.code, correlationId }, 'request failed');
    if (host.getType<string>() !== 'http') throw graphQLErrorOf(this.catalogue, known);

    const reply = host.switchToHttp().getResponse<Reply>();
    if (reply.sent) return undefined;
    const definition = this.catalogue.get(known.code);
    const named = known.details['retryAfterSeconds'];
    const retryAfterSeconds = typeof named === 'number' ? named : definition?.retryAfterSeconds;
    reply
      .status(problem.status)
      .type('application/problem+json')
      .header('cache-control', 'no-store');
    if (retryAfterSeconds !== undefined)
      reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds))));
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="keyledger"');
    return reply.send(problem);
  }
}
