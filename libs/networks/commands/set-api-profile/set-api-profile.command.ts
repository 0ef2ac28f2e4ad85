import type { Principal } from '#access';
import type { NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { ApiProfile } from '../../domain/api-profile.value.js';

export class SetApiProfile {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly networkId: NetworkId; readonly profile: ApiProfile },
  ) {}
}
