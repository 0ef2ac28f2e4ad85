import type { Principal } from '#access';
import type { NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { KeyPolicy } from '../../domain/key-policy.value.js';

export class SetKeyPolicy {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly networkId: NetworkId; readonly policy: KeyPolicy },
  ) {}
}
