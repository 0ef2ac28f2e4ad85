import type { Principal } from '#access';
import type { NetworkId } from '#kernel';
import { DomainError } from '#kernel';

/**
 * The one network of the caller's token: partners are never reached by a network that a request names.
 *
 * @throws {DomainError} `access/forbidden` for operators, who belong to none.
 */
export function networkOf(principal: Principal): NetworkId {
  if (principal.networkId === null)
    throw new DomainError('access/forbidden', { required: 'network' });
  return principal.networkId;
}
