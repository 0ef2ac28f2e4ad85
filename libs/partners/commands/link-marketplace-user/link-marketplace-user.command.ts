import type { Principal } from '#access';
import type { MarketplacePartnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { PartnerUserIdentity } from '../../domain/partner.value.js';

export class LinkMarketplaceUser {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly marketplacePartnerId: MarketplacePartnerId;
      readonly user: PartnerUserIdentity;
    },
  ) {}
}
