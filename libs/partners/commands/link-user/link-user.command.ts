import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { PartnerUserIdentity } from '../../domain/partner.value.js';

export class LinkPartnerUser {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly partnerId: PartnerId; readonly user: PartnerUserIdentity },
  ) {}
}
