import type { Principal } from '#access';
import type { NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';

export class RevokeWebhookCredential {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly networkId: NetworkId; readonly credentialId: string },
  ) {}
}
