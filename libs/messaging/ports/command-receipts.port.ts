import type { DomainErrorCode } from '#kernel';

/** What was answered to a command that stored nothing. What stored events is answered by the stream itself. */
export type RememberedOutcome =
  | {
      readonly kind: 'noop';
      readonly streamId: string;
      /** -1: the stream was empty. */
      readonly revision: string;
      readonly position: string;
    }
  | {
      readonly kind: 'refused';
      readonly streamId: string;
      readonly code: DomainErrorCode;
      readonly details: Readonly<Record<string, unknown>>;
      /** What was looked at when it was refused; absent when nobody asked. */
      readonly position?: string;
    };

export interface CommandReceipt {
  readonly requestHash: string;
  readonly outcome?: RememberedOutcome;
}

/**
 * Remembers, for `RECEIPTS_KEPT_MS`, which request a command id belongs to and what was answered when nothing was
 * stored. Only of requests that carry an `Idempotency-Key`. Holds no secret: a request is known by its keyed hash.
 */
export abstract class CommandReceipts {
  /**
   * The receipt of this command id as it was before this call; `undefined`: it is new, and from now on belongs to this
   * request. Of two calls at once, one gets `undefined`.
   */
  abstract begin(
    commandId: string,
    requestHash: string,
    now: Date,
  ): Promise<CommandReceipt | undefined>;

  /** The first outcome stays. */
  abstract remember(commandId: string, outcome: RememberedOutcome): Promise<void>;

  /** Removes, in batches, what began before. */
  abstract sweep(before: Date): Promise<void>;
}

export const RECEIPTS_KEPT_MS = 24 * 60 * 60 * 1_000;
export const RECEIPTS_SWEEP_INTERVAL_MS = 10 * 60 * 1_000;
export const RECEIPTS_SWEEP_BATCH = 1_000;
