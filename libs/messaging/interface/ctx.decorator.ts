import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import { DomainError } from '#kernel';
import type { RequestContext } from '../request-context.js';
import { exchangeOf } from './exchange.js';

const contexts = new WeakMap<object, RequestContext>();

/** For the interceptor alone. */
export function keepContext(call: object, context: RequestContext): void {
  contexts.set(call, context);
}

/** The `RequestContext` of this call, in controllers and in root fields of resolvers. */
export const Ctx = createParamDecorator((_: unknown, context: ExecutionContext): RequestContext => {
  const found = contexts.get(exchangeOf(context).call);
  if (!found) throw new TypeError('no request context: is the interceptor of #messaging global?');
  return found;
});

export const ETAG_CHARACTERS_MAX = 128;
const STRONG_ETAG = new RegExp(`^"([\\x21\\x23-\\x7e]{1,${String(ETAG_CHARACTERS_MAX)}})"$`);

/**
 * `If-Match`: the entity tag without its quotes, `undefined` without the header. `*`, weak tags and lists are refused:
 * they would let through what the client did not see.
 */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined => {
    const header = exchangeOf(context).request.headers['if-match'];
    if (header === undefined) return undefined;
    const tag = typeof header === 'string' ? STRONG_ETAG.exec(header.trim())?.[1] : undefined;
    if (tag === undefined) throw new DomainError('request/precondition-invalid');
    return tag;
  },
);
