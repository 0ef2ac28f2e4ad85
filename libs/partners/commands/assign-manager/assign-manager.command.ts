import type { Principal } from '#access';
import type { EmployeeId, PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';

export class AssignPartnerManager {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly partnerId: PartnerId; readonly managerId: EmployeeId | null },
  ) {}
}
