import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { FlagKind } from '../../domain/partner.value.js';

export class OpenFlag {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly partnerId: PartnerId;
      readonly kind: FlagKind;
      readonly reason: string;
    },
  ) {}
}
