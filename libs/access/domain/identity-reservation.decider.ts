import type { Decider } from '#kernel';
import { DomainError } from '#kernel';
import type { IdentityEvent, IdentityOwner } from './identity.events.js';

export interface IdentityReservation {
  readonly owner: IdentityOwner | null;
  /** Of the stream; -1n while it is empty. */
  readonly revision: bigint;
}

interface Named {
  readonly issuer: string;
  readonly subject: string;
  readonly owner: IdentityOwner;
}
export type IdentityReservationCommand =
  | (Named & { readonly kind: 'reserve' })
  /** `seen`: of the stream, what the release knows. What was reserved after it was reserved for another link. */
  | (Named & { readonly kind: 'release'; readonly seen: bigint });

/**
 * One stream an identity and network: it has at most one owner at a time. The owner's own reservation is reserved anew
 * for each link: a release that was decided before it, and comes later, must not end it.
 */
export const identityReservationDecider: Decider<
  IdentityReservation,
  IdentityReservationCommand,
  IdentityEvent
> = {
  initialState: () => ({ owner: null, revision: -1n }),
  decide(command, state) {
    const { issuer, subject, owner } = command;
    const own = state.owner !== null && ownerKey(state.owner) === ownerKey(owner);
    if (command.kind === 'release')
      return own && state.revision <= command.seen
        ? [{ type: 'IdentityReleased', data: { issuer, subject, owner } }]
        : [];
    if (state.owner && !own) throw new DomainError('access/identity-taken');
    return [{ type: 'IdentityReserved', data: { issuer, subject, owner } }];
  },
  evolve: ({ revision }, event) => ({
    owner: event.type === 'IdentityReserved' ? event.data.owner : null,
    revision: revision + 1n,
  }),
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
