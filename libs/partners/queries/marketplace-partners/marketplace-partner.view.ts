import type { MarketplacePartnerProfile } from '../../domain/marketplace-partner.value.js';
import type { PartnerUserIdentity } from '../../domain/partner.value.js';

/** A marketplace partner as the network's people see it. */
export interface MarketplacePartnerView {
  readonly marketplacePartnerId: number;
  readonly name: string;
  /** Ids of partners, ascending. */
  readonly connections: readonly number[];
  readonly users: readonly PartnerUserIdentity[];
}

export interface MarketplacePartnerRow {
  readonly marketplace_partner_id: bigint;
  readonly name: string;
  readonly connections: readonly number[];
  readonly users: readonly PartnerUserIdentity[];
}

export const MARKETPLACE_PARTNER_COLUMNS = 'marketplace_partner_id, name, connections, users';

export function marketplacePartnerViewOf(row: MarketplacePartnerRow): MarketplacePartnerView {
  return {
    marketplacePartnerId: Number(row.marketplace_partner_id),
    name: row.name,
    connections: [...row.connections],
    users: row.users.map(({ issuer, subject }) => ({ issuer, subject })),
  };
}

/** The same from a command's answer. */
export function marketplaceProfileViewOf(
  profile: MarketplacePartnerProfile,
): MarketplacePartnerView {
  const { marketplacePartnerId, name, connections, users } = profile;
  return {
    marketplacePartnerId,
    name,
    connections: [...connections],
    users: users.map(({ issuer, subject }) => ({ issuer, subject })),
  };
}
