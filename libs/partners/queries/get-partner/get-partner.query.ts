import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { PartnerReadOptions } from '../read-request.js';

export class GetPartner {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly partnerId: PartnerId },
    readonly options: PartnerReadOptions = {},
  ) {}
}
