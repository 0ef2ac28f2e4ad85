import type { EmployeeId, MarketplacePartnerId, NetworkId, PartnerId } from '#kernel';
import type { EmployeeRights } from '../domain/employee.events.js';

/** Whom an identity speaks for right now. */
export type LinkedIdentity =
  | ({ readonly kind: 'employee'; readonly employeeId: EmployeeId } & EmployeeRights)
  | { readonly kind: 'partnerUser'; readonly partnerId: PartnerId }
  | { readonly kind: 'marketplaceUser'; readonly marketplacePartnerId: MarketplacePartnerId };

/**
 * Finds whom an identity speaks for in a network. Whatever change of authority was acknowledged before the call
 * (`AuthorityFence`) is in the answer; nothing is cached.
 *
 * @throws {StaleReadError} the read model is behind the fence for too long (503).
 */
export abstract class IdentityDirectory {
  abstract find(
    networkId: NetworkId,
    issuer: string,
    subject: string,
    signal?: AbortSignal,
  ): Promise<LinkedIdentity | undefined>;
}
