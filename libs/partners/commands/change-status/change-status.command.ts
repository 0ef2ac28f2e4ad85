import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { PartnerStatus } from '../../domain/partner.value.js';

export class ChangePartnerStatus {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly partnerId: PartnerId;
      readonly status: PartnerStatus;
      readonly reason: string;
    },
  ) {}
}
