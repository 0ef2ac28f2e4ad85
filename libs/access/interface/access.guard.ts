import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { RequestGate } from '../request-gate.js';
import { PUBLIC_METADATA, publicRoute } from './public-routes.js';
import { exchangeOf } from './request.js';

/**
 * Global, for REST and GraphQL: no handler runs without a caller, unless it says `@Public()` and its route stands in
 * the closed list. One of the two alone opens nothing.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly gate: RequestGate,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { request, reply } = exchangeOf(context);
    const principal = await this.gate.admit(request, reply);
    if (context.getType<string>() === 'graphql') {
      if (!principal) this.gate.demandToken(request, reply);
      const info = context.getArgByIndex<{ parentType: { name: string } }>(3);
      if (info.parentType.name === 'Mutation') this.gate.spend(request, 'mutations', 1, reply);
      return true;
    }
    if (principal) return true;
    const open =
      this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC_METADATA, [
        context.getHandler(),
        context.getClass(),
      ]) === true && publicRoute(request.method, request.routeOptions?.url ?? '') !== undefined;
    return open || this.gate.demandToken(request, reply);
  }
}
