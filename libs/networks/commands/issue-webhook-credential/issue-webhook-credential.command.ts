import type { Principal } from '#access';
import type { NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';

export class IssueWebhookCredential {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly networkId: NetworkId; readonly label: string },
  ) {}
}
