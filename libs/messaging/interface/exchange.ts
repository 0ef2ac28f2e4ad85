import type { ExecutionContext } from '@nestjs/common';
import type { EdgeReply, EdgeRequest } from '../request-contexts.js';

export interface HttpRequest extends EdgeRequest {
  readonly method: string;
  readonly routeOptions?: { readonly url?: string | undefined };
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

export interface HttpReply extends EdgeReply {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
}

interface GraphQLInfo {
  readonly fieldName: string;
  readonly path: { readonly key: string | number };
  readonly operation: { readonly operation: string };
}

/** One handler's call: an HTTP request, or one root field of a GraphQL operation. */
export type Exchange =
  | {
      readonly kind: 'http';
      readonly request: HttpRequest;
      readonly reply: HttpReply;
      readonly call: object;
    }
  | {
      readonly kind: 'graphql';
      readonly request: HttpRequest;
      readonly reply: HttpReply | undefined;
      readonly call: object;
      readonly args: unknown;
      readonly info: GraphQLInfo;
    };

export function exchangeOf(context: ExecutionContext): Exchange {
  if (context.getType<string>() !== 'graphql') {
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    return { kind: 'http', request, reply: http.getResponse<HttpReply>(), call: request };
  }
  const graphql = context.getArgByIndex<{
    readonly reply?: HttpReply & { readonly request: HttpRequest };
    readonly request?: HttpRequest;
  }>(2);
  const request = graphql.reply?.request ?? graphql.request;
  if (!request) throw new TypeError('the GraphQL context holds no request');
  const info = context.getArgByIndex<GraphQLInfo & object>(3);
  // Several fields share one request; the info object is each field's own.
  return {
    kind: 'graphql',
    request,
    reply: graphql.reply,
    call: info,
    args: context.getArgByIndex(1),
    info,
  };
}
