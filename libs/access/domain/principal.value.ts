import type { Actor } from '#event-store';
import type { EmployeeId, MarketplacePartnerId, NetworkId, PartnerId } from '#kernel';

/** What an employee may be allowed. Read and write of one section are two permissions (domain.md section 5). */
export const PERMISSIONS = [
  'network.read',
  'network.settings.manage',
  'network.employees.manage',
  'partners.read',
  'partners.manage',
  'partner.flags.manage',
  'partner.api_keys.read',
  'partner.api_keys.manage',
  'partner.api_keys.reveal',
  'network.api_keys.manage',
  'audit.read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The verified caller of one request: token checked, identity looked up in the ledger. */
export interface Principal {
  readonly actor: Actor;
  /** The one network that the token names; `null` for operators and the system. */
  readonly networkId: NetworkId | null;
  readonly employee?: {
    readonly employeeId: EmployeeId;
    readonly superUser: boolean;
    readonly permissions: readonly Permission[];
    /** `limited`: only partners whose manager this employee is. */
    readonly scope: 'global' | 'limited';
  };
  readonly partnerUser?: { readonly partnerId: PartnerId };
  /** A user of a marketplace partner; its actor is a `partnerUser` like any partner's. */
  readonly marketplaceUser?: { readonly marketplacePartnerId: MarketplacePartnerId };
}

export interface AuthorizationTarget {
  readonly networkId: NetworkId | null;
  readonly partnerId?: PartnerId;
  readonly marketplacePartnerId?: MarketplacePartnerId;
  /** The partner's manager, for the limited scope. */
  readonly managerId?: EmployeeId | null;
}
