import type { NetworkId } from '#kernel';
import { DomainError } from '#kernel';
import type { Principal } from '#access';

/**
 * Operators reach every network, everybody else the one of their token. Another one is not found, whether it exists or
 * not; what the caller may do with the one that is left is the `Authorizer`'s to say.
 *
 * @throws {DomainError} `networks/not-found`
 */
export function assertReachable(principal: Principal, networkId: NetworkId): void {
  if (principal.actor.type !== 'operator' && principal.networkId !== networkId)
    throw new DomainError('networks/not-found');
}
