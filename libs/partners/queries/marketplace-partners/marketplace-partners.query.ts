import type { Principal } from '#access';
import type { MarketplacePartnerId } from '#kernel';
import type { ReadPlace } from '#projections';

/** A page of the network's marketplace partners, by id. */
export class ListMarketplacePartners {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly first: number; readonly after?: string },
    readonly options: ReadPlace = {},
  ) {}
}

export class GetMarketplacePartner {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly marketplacePartnerId: MarketplacePartnerId },
    readonly options: ReadPlace = {},
  ) {}
}
