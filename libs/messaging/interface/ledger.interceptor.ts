import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import { parsePosition } from '#event-store';
import type { RequestedOperation } from '../request-contexts.js';
import { RequestContexts } from '../request-contexts.js';
import { Answer, POSITION_HEADER } from './answer.js';
import { keepContext } from './ctx.decorator.js';
import type { Exchange, HttpReply } from './exchange.js';
import { exchangeOf } from './exchange.js';

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Global: gives each call its `RequestContext`, and unwraps what it answers (`Answer`) into body and headers. */
@Injectable()
export class LedgerInterceptor implements NestInterceptor {
  constructor(private readonly contexts: RequestContexts) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const exchange = exchangeOf(context);
    keepContext(
      exchange.call,
      await this.contexts.ofRequest(exchange.request, exchange.reply, operationOf(exchange)),
    );
    return next
      .handle()
      .pipe(
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

function unwrapped(exchange: Exchange, { value, position, options }: Answer<unknown>): unknown {
  const { reply } = exchange;
  if (reply) {
    sayPosition(reply, position);
    if (exchange.kind === 'http') {
      if (options.etag !== undefined) reply.header('etag', `"${options.etag}"`);
      if (options.location !== undefined) reply.header('location', options.location);
      if (options.status !== undefined) reply.status(options.status);
    }
  }
  return value;
}

/** Of several fields in one GraphQL answer, the least: all of it is true there. */
function sayPosition(reply: HttpReply, position: bigint): void {
  const said = reply.getHeader(POSITION_HEADER);
  const before = typeof said === 'string' ? parsePosition(said) : undefined;
  if (before === undefined || position < before) reply.header(POSITION_HEADER, String(position));
}
