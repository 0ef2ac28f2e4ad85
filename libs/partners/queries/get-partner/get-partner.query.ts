import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { ReadPlace } from '#projections';

export class GetPartner {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly partnerId: PartnerId },
    readonly options: ReadPlace = {},
  ) {}
}
