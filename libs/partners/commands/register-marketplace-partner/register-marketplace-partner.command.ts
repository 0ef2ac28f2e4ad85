import type { Principal } from '#access';
import type { MarketplacePartnerId } from '#kernel';
import type { RequestContext } from '#messaging';

export class RegisterMarketplacePartner {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly marketplacePartnerId: MarketplacePartnerId;
      readonly name: string;
    },
  ) {}
}
