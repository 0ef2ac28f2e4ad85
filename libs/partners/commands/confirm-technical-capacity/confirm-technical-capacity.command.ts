import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';

export class ConfirmTechnicalCapacity {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly partnerId: PartnerId; readonly evidence: string },
  ) {}
}
