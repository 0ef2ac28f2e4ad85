import type { IsoTime, NetworkId } from '#kernel';
import type { RecordRefusal, WebhookKind } from '../domain/vendor-record.value.js';

/** A webhook that was refused, as far as it may be kept: where and how it was wrong, not what it said. */
export interface DeadLetter extends RecordRefusal {
  readonly networkId: NetworkId;
  readonly credentialId: string;
  readonly kind: WebhookKind;
  readonly partnerId: number | null;
  /** Names and types of documented fields, and how many others there were. */
  readonly shape: Readonly<Record<string, string | number>>;
  /** Keyed hash of the body: the same one again is counted, not kept twice. */
  readonly digest: string;
  readonly pepperId: string;
  /** The same under the older peppers that are held: a letter that was kept before a rotation is counted, too. */
  readonly olderDigests?: readonly string[];
  readonly bytes: number;
  readonly receivedAt: IsoTime;
}

/** Numbered within its network, for a number over all of them would tell how many others had. Bounded: the oldest letter goes when `DEAD_LETTERS_PER_NETWORK_MAX` are kept. */
export abstract class DeadLetters {
  abstract keep(letter: DeadLetter): Promise<void>;
}

export const DEAD_LETTERS_PER_NETWORK_MAX = 1_000;
