import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { PartnerTraits } from '../../domain/partner.value.js';

export class AssessPartnerTraits {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly partnerId: PartnerId; readonly traits: Partial<PartnerTraits> },
  ) {}
}
