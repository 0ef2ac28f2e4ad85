import type { Authorizer, Permission, Principal } from '#access';
import { DomainError } from '#kernel';
import { networkOf } from './own-network.js';

/** Its connections are partners of any manager: it is in nobody's limited scope. @throws {DomainError} `access/forbidden` */
export async function authorizeMarketplace(
  authorizer: Authorizer,
  principal: Principal,
  permission: Permission,
): Promise<void> {
  await authorizer.authorize(principal, permission, { networkId: networkOf(principal) });
  if (principal.employee?.scope === 'limited' && !principal.employee.superUser)
    throw new DomainError('access/forbidden', { required: 'global-scope' });
}
