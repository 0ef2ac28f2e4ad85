import type { Principal } from '#access';
import type { WebhookKind } from '../../domain/vendor-record.value.js';

/** Webhooks of the network that were refused, the newest first. */
export class ListDeadLetters {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly first: number; readonly after?: string },
    readonly options: { readonly signal?: AbortSignal } = {},
  ) {}
}

export interface DeadLetterView {
  readonly deadLetterId: string;
  readonly kind: WebhookKind;
  readonly partnerId: number | null;
  readonly credentialId: string;
  readonly pointer: string;
  readonly reason: string;
  readonly shape: Readonly<Record<string, string | number>>;
  readonly bytes: number;
  /** How often it came. */
  readonly count: number;
  readonly firstReceivedAt: string;
  readonly lastReceivedAt: string;
}
