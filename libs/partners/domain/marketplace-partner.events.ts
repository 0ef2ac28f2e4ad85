import type { DomainEvent, MarketplacePartnerId, PartnerId } from '#kernel';
import type { PartnerUserIdentity } from './partner.value.js';

interface Of {
  readonly marketplacePartnerId: MarketplacePartnerId;
}

export type MarketplacePartnerRegistered = DomainEvent<
  'MarketplacePartnerRegistered',
  Of & { readonly name: string }
>;
/** The marketplace partner acts for this partner of the network: it may list the partner's affiliate keys. */
export type MarketplaceConnectionAdded = DomainEvent<
  'MarketplaceConnectionAdded',
  Of & { readonly partnerId: PartnerId }
>;
export type MarketplaceConnectionRemoved = DomainEvent<
  'MarketplaceConnectionRemoved',
  Of & { readonly partnerId: PartnerId; readonly reason: string }
>;
export type MarketplaceUserLinked = DomainEvent<'MarketplaceUserLinked', Of & PartnerUserIdentity>;
export type MarketplaceUserUnlinked = DomainEvent<
  'MarketplaceUserUnlinked',
  Of & PartnerUserIdentity
>;

/** Stream `marketplacePartner-<network>-<marketplace partner>`. */
export type MarketplacePartnerEvent =
  | MarketplacePartnerRegistered
  | MarketplaceConnectionAdded
  | MarketplaceConnectionRemoved
  | MarketplaceUserLinked
  | MarketplaceUserUnlinked;
