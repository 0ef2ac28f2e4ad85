import type { Principal } from '#access';
import type { MarketplacePartnerId, PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';

export class ConnectMarketplacePartner {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly marketplacePartnerId: MarketplacePartnerId;
      readonly partnerId: PartnerId;
    },
  ) {}
}
