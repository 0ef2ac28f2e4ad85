import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';

export class WithdrawTechnicalCapacity {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly partnerId: PartnerId; readonly reason: string },
  ) {}
}
