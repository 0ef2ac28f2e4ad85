import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { Verdict } from '../../domain/eligibility.policy.js';
import type { PartnerReadOptions } from '../read-request.js';

/** Whether the partner may get a key, by the read models; what an issuance records is decided from the streams. */
export class AssessPartner {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly partnerId: PartnerId },
    readonly options: PartnerReadOptions = {},
  ) {}
}

export interface PartnerVerdict extends Verdict {
  readonly partnerId: number;
}
