import type { ExecutionContext } from '@nestjs/common';
import type { Principal } from '../domain/principal.value.js';

/** What this context reads of an HTTP request, and the two fields that it sets. Fastify's request fits. */
export interface AccessRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly routeOptions?: { readonly url?: string | undefined };
  /** Set by the guard: who calls. */
  principal?: Principal;
  /** Set by the guard: the caller's address (from the socket, or as a trusted proxy says). */
  clientAddress?: string;
}

export interface AccessReply {
  header(name: string, value: string): unknown;
}

/** The HTTP request behind a REST handler or a GraphQL resolver. */
export function requestOf(context: ExecutionContext): AccessRequest {
  return exchangeOf(context).request;
}

export function exchangeOf(context: ExecutionContext): {
  readonly request: AccessRequest;
  readonly reply: AccessReply | undefined;
} {
  if (context.getType<string>() !== 'graphql') {
    const http = context.switchToHttp();
    return { request: http.getRequest<AccessRequest>(), reply: http.getResponse<AccessReply>() };
  }
  const graphql = context.getArgByIndex<{
    reply?: AccessReply & { request: AccessRequest };
    request?: AccessRequest;
  }>(2);
  const request = graphql.reply?.request ?? graphql.request;
  if (!request) throw new TypeError('the GraphQL context holds no request');
  return { request, reply: graphql.reply };
}
