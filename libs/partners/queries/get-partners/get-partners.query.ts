import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { ReadPlace } from '#projections';

/** Those of a number of partners that the caller may see, in no order. */
export class GetPartners {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly partnerIds: readonly PartnerId[] },
    readonly options: ReadPlace = {},
  ) {}
}
