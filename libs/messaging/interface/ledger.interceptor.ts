import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { map, tap } from 'rxjs';
import { notingPositions, PositionsSeen } from '#event-store';
import type { RequestedOperation } from '../request-contexts.js';
import { RequestContexts } from '../request-contexts.js';
import { Answer } from './answer.js';
import { AnswerPositions } from './answer-positions.js';
import { keepContext } from './ctx.decorator.js';
import type { Exchange } from './exchange.js';
import { exchangeOf } from './exchange.js';

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Global: gives each call its `RequestContext`, unwraps what it answers (`Answer`) into body and headers, and keeps the
 * position of its answer or of its refusal.
 */
@Injectable()
export class LedgerInterceptor implements NestInterceptor {
  constructor(
    private readonly contexts: RequestContexts,
    private readonly positions: AnswerPositions,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const exchange = exchangeOf(context);
    keepContext(
      exchange.call,
      await this.contexts.ofRequest(exchange.request, exchange.reply, operationOf(exchange)),
    );
    const answer = this.positions.of(exchange.request);
    const call = new PositionsSeen(answer.admission);
    return notingPositions(call, () => next.handle()).pipe(
      tap({
        next: (result: unknown) => {
          if (result instanceof Answer) answer.answered(result.position);
          else answer.ended(call);
        },
        error: () => {
          answer.ended(call);
        },
      }),
      map((result: unknown) => (result instanceof Answer ? unwrapped(exchange, result) : result)),
    );
  }
}

function operationOf(exchange: Exchange): RequestedOperation {
  if (exchange.kind === 'graphql') {
    const { fieldName, path, operation } = exchange.info;
    return {
      name: `${operation.operation} ${fieldName} ${String(path.key)}`,
      input: exchange.args,
      changes: operation.operation === 'mutation',
    };
  }
  const { method, routeOptions, params, query, body } = exchange.request;
  return {
    name: `${method} ${routeOptions?.url ?? ''}`,
    input: { params, query, body },
    changes: !READING_METHODS.has(method),
  };
}

function unwrapped(exchange: Exchange, { value, options }: Answer<unknown>): unknown {
  if (exchange.kind === 'http') {
    const { reply } = exchange;
    if (options.etag !== undefined) reply.header('etag', `"${options.etag}"`);
    if (options.location !== undefined) reply.header('location', options.location);
    if (options.status !== undefined) reply.status(options.status);
  }
  return value;
}
