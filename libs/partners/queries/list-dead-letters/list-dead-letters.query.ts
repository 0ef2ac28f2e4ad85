import type { Principal } from '#access';
import type { ReadPlace } from '#projections';
import { encodeCursor } from '#projections';
import type { WebhookKind } from '../../domain/vendor-record.value.js';

/** Webhooks of the network that were refused, the newest first. */
export class ListDeadLetters {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly first: number; readonly after?: string },
    readonly options: Omit<ReadPlace, 'asOf'> = {},
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

export const DEAD_LETTERS_CURSOR = 'deadLetters';

/** The place of a dead letter in this caller's list. */
export function deadLetterCursor(
  { networkId }: Principal,
  { deadLetterId }: Pick<DeadLetterView, 'deadLetterId'>,
): string {
  return encodeCursor(DEAD_LETTERS_CURSOR, networkId, [BigInt(deadLetterId)]);
}
