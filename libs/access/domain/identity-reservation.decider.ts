import type { Decider } from '#kernel';
import { DomainError } from '#kernel';
import type { IdentityEvent, IdentityOwner } from './identity.events.js';

export interface IdentityReservation {
  readonly owner: IdentityOwner | null;
}

export interface IdentityReservationCommand {
  readonly kind: 'reserve' | 'release';
  readonly issuer: string;
  readonly subject: string;
  readonly owner: IdentityOwner;
}

/** One stream an identity and network: it has at most one owner at a time. */
export const identityReservationDecider: Decider<
  IdentityReservation,
  IdentityReservationCommand,
  IdentityEvent
> = {
  initialState: () => ({ owner: null }),
  decide({ kind, issuer, subject, owner }, state) {
    const own = state.owner !== null && ownerKey(state.owner) === ownerKey(owner);
    if (kind === 'release')
      return own ? [{ type: 'IdentityReleased', data: { issuer, subject, owner } }] : [];
    if (own) return [];
    if (state.owner) throw new DomainError('access/identity-taken');
    return [{ type: 'IdentityReserved', data: { issuer, subject, owner } }];
  },
  evolve: (_, event) => ({ owner: event.type === 'IdentityReserved' ? event.data.owner : null }),
};

function ownerKey(owner: IdentityOwner): string {
  switch (owner.kind) {
    case 'employee':
      return `employee ${String(owner.employeeId)}`;
    case 'partnerUser':
      return `partner ${String(owner.partnerId)}`;
    case 'marketplaceUser':
      return `marketplace partner ${String(owner.marketplacePartnerId)}`;
  }
}
