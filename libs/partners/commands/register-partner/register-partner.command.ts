import type { Principal } from '#access';
import type { EmployeeId, PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { PartnerStatus } from '../../domain/partner.value.js';

export class RegisterPartner {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly partnerId: PartnerId;
      readonly name: string;
      readonly status: PartnerStatus;
      readonly managerId: EmployeeId | null;
    },
  ) {}
}
