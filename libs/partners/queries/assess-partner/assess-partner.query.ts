import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { ReadPlace } from '#projections';
import type { Verdict } from '../../domain/eligibility.policy.js';

/** Whether the partner may get a key, by the read models; what an issuance records is decided from the streams. */
export class AssessPartner {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly partnerId: PartnerId },
    readonly options: ReadPlace = {},
  ) {}
}

export interface PartnerVerdict extends Verdict {
  readonly partnerId: number;
}
