import type { DomainEvent } from '#kernel';

/** Whom an identity speaks for within one network, at most one of them. */
export type IdentityOwner =
  | { readonly kind: 'employee'; readonly employeeId: number }
  | { readonly kind: 'partnerUser'; readonly partnerId: number }
  | { readonly kind: 'marketplaceUser'; readonly marketplacePartnerId: number };

export type IdentityReserved = DomainEvent<
  'IdentityReserved',
  { readonly issuer: string; readonly subject: string; readonly owner: IdentityOwner }
>;
export type IdentityReleased = DomainEvent<
  'IdentityReleased',
  { readonly issuer: string; readonly subject: string; readonly owner: IdentityOwner }
>;
export type IdentityEvent = IdentityReserved | IdentityReleased;
