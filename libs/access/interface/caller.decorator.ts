import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { DomainError } from '#kernel';
import type { Principal } from '../domain/principal.value.js';
import { requestOf } from './request.js';

/** The verified caller. On a route that needs no token and got none: 401. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = requestOf(context);
  if (!principal) throw new DomainError('access/unauthenticated');
  return principal;
});

/** The verified caller, or `undefined` on a public route that was called without a token. */
export const OptionalCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal | undefined => requestOf(context).principal,
);
