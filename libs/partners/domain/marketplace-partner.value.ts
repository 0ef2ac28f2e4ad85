import type { MarketplacePartnerId, PartnerId } from '#kernel';
import type { PartnerUserIdentity } from './partner.value.js';

/** A marketplace partner as one network knows it: which of the network's partners it acts for, and its users. */
export interface MarketplacePartnerProfile {
  readonly marketplacePartnerId: MarketplacePartnerId;
  readonly name: string;
  /** By id. */
  readonly connections: readonly PartnerId[];
  readonly users: readonly PartnerUserIdentity[];
}

export const MARKETPLACE_CONNECTIONS_MAX = 200;
export const MARKETPLACE_USERS_MAX = 50;
