import type { Position } from '#event-store';
import type { RequestContext } from '#messaging';
import type { WebhookKind } from '../../domain/vendor-record.value.js';
import type { IntakeOutcome } from '../observation-intake.js';

/** A webhook of the vendor's: its credential says the network, its URL the kind, its body the rest. */
export class TakePartnerWebhook {
  constructor(
    readonly context: RequestContext,
    readonly input: {
      readonly credential: string | undefined;
      readonly kind: WebhookKind;
      readonly content: { readonly json: unknown } | { readonly unparsable: string };
      readonly bytes: number;
    },
  ) {}
}

export interface WebhookAnswer {
  readonly partnerId: number;
  readonly outcome: IntakeOutcome;
  readonly position: Position;
}
