import type { RecordedEvent } from '#event-store';
import type { ConsumerId, FailedEvent, Lease, Progress } from '../checkpoints/checkpoints.js';

/** Events that a consumer has not had yet, in order, and how far it is after each of them. */
export interface Batch {
  readonly events: readonly RecordedEvent[];
  /** After all of it. */
  readonly end: Progress;
  /** After the event of that index. */
  after(index: number): Progress;
  /** Of the data and metadata of its events, at most. */
  readonly characters: number;
}

/** What a runner feeds: a projection or a process. */
export interface Consumer {
  readonly id: ConsumerId;
  handles(type: string): boolean;
  /** Before the first batch under a lease. */
  prepare(lease: Lease): Promise<void>;
  /**
   * Handles the batch and moves the lease's progress to its end, or `taken`.
   *
   * @throws {FailingEventError} progress is just before that event, and stays there. Any other error is tried again.
   */
  handle(batch: Batch, lease: Lease, signal: AbortSignal): Promise<void>;
  /** Fills tables: it takes small portions, gathers, and moves the lease's progress when it has enough. */
  readonly gathers?: boolean;
  /** After what it took last, while that is not all in the lease's progress. */
  readonly taken?: Progress | undefined;
  /** Its runner stops: what the database may be at for long is given up, and begun again under the next lease. */
  giveUp?(): void;
  /** Until nothing is on its way to the database. What was not written by then is given again under the next lease. */
  rest?(): Promise<void>;
  /** Called when nothing is left to read, until it gives `true`: builds indexes, switches. */
  settle(lease: Lease): Promise<boolean>;
}

/** This event cannot be handled: its consumer stops, and readiness names it. */
export class FailingEventError extends Error {
  override readonly name = 'FailingEventError';
  constructor(
    readonly event: FailedEvent,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
