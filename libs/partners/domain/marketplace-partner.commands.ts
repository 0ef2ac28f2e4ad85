import type { MarketplacePartnerId, PartnerId } from '#kernel';
import type { PartnerUserIdentity } from './partner.value.js';

export type MarketplacePartnerCommand =
  | {
      readonly kind: 'register';
      readonly marketplacePartnerId: MarketplacePartnerId;
      readonly name: string;
    }
  | { readonly kind: 'connect'; readonly partnerId: PartnerId }
  | { readonly kind: 'disconnect'; readonly partnerId: PartnerId; readonly reason: string }
  | { readonly kind: 'linkUser'; readonly user: PartnerUserIdentity }
  | { readonly kind: 'unlinkUser'; readonly user: PartnerUserIdentity };
