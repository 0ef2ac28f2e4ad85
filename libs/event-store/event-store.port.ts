import type { Position } from './position.js';

/**
 * JSON text exactly as `JSON.stringify` writes it (no white space, well-formed Unicode). Adapters give the same bytes
 * back: proofs hash them. Any other text is refused with `InvalidEventError`.
 */
export type JsonText = string;

export interface NewEvent {
  /** A lower-case UUID; the same id at the same expected revision is stored once. */
  readonly id: string;
  /** Not empty, not starting with `$`. */
  readonly type: string;
  readonly data: JsonText;
  readonly metadata: JsonText;
}

export interface StoredEvent extends NewEvent {
  readonly streamId: string;
  /** From 0, without a gap in its stream. */
  readonly revision: bigint;
  readonly position: Position;
  /** The store's own time of the append. Business times stand in the metadata (`recordedAt`). */
  readonly storedAt: Date;
}

/** The revision of the stream's last event, or that there is none. There is no `any`: it forgets (eventstoredb trap 9). */
export type ExpectedRevision = bigint | 'noStream';

export interface AppendResult {
  /** Of the last event of the request. */
  readonly revision: bigint;
  readonly position: Position;
}

export interface CallOptions {
  /** The call's deadline. Every call has one: `EVENT_STORE_TIMEOUT_MS_DEFAULT` when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ReadStreamOptions extends CallOptions {
  /** Inclusive; default: the start forwards, the end backwards. */
  readonly from?: bigint;
  readonly direction?: 'forwards' | 'backwards';
  readonly maxCount?: number;
}

export interface ReadAllOptions extends CallOptions {
  /** Forwards: inclusive. Backwards: exclusive, as a real EventStoreDB reads. Default: the start, or the end backwards. */
  readonly from?: Position;
  readonly direction?: 'forwards' | 'backwards';
  readonly maxCount?: number;
}

export interface SubscribeFilter {
  /** Streams whose name starts with one of these; the log's own `LedgerBeacon` always counts as let through. */
  readonly streamPrefixes: readonly string[];
}

export interface SubscribeOptions {
  /** Exclusive; absent: from the start of the log. A position that is not of this log throws `PositionNotInLogError`. */
  readonly after?: Position;
  readonly filter?: SubscribeFilter;
  readonly signal?: AbortSignal;
}

export type SubscriptionItem =
  | { readonly kind: 'event'; readonly event: StoredEvent }
  /** All that the filter lets through up to here was delivered; within `PROGRESS_INTERVAL_MS` of the head moving. */
  | { readonly kind: 'progress'; readonly position: Position };

/**
 * The event store. Semantics are those of a real EventStoreDB, the same in every adapter and held by one contract suite
 * (`#event-store/testing`):
 *
 * - revisions from 0 without a gap; an append is all or nothing; one request is at most `APPEND_BYTES_MAX`;
 * - idempotency is looked at only where the expected revision does not fit: when the events that follow it carry just
 *   these ids, the append succeeds with their revision and position and stores nothing; a batch known in part fails;
 *   an id at a revision that does fit is stored, known or not;
 * - an empty append succeeds and creates nothing (its `revision` is that of the expectation, its `position` the head).
 *
 * @throws {WrongExpectedRevisionError} nothing was stored.
 * @throws {AppendTooLargeError | InvalidEventError} nothing was stored, and never will be: mend the request.
 * @throws {EventStoreUnavailableError} nothing was stored; try again.
 * @throws {AppendOutcomeUnknownError} it may be stored: append the same ids at the same revision again (`appendUntilKnown`).
 */
export abstract class EventStore {
  /** Which adapter and server, for logs: never a credential. */
  abstract readonly description: string;

  abstract append(
    streamId: string,
    expectedRevision: ExpectedRevision,
    events: readonly NewEvent[],
    options?: CallOptions,
  ): Promise<AppendResult>;

  /** A missing stream yields nothing. Read from the leader. */
  abstract readStream(streamId: string, options?: ReadStreamOptions): AsyncIterable<StoredEvent>;

  /** Events of the store's own (`$…` streams and types) are left out. */
  abstract readAll(options?: ReadAllOptions): AsyncIterable<StoredEvent>;

  /**
   * Catches up, then goes on live, until the consumer breaks or the signal aborts (then it ends without an error).
   * Connections that break are mended inside, from the last item taken, with backoff. At most
   * `SUBSCRIPTION_BUFFER_EVENTS_MAX` events wait for a slow consumer.
   */
  abstract subscribeAll(options?: SubscribeOptions): AsyncIterable<SubscriptionItem>;

  /**
   * A position not before anything that was acknowledged to anybody before this call. Unlike `head()`, a leader that
   * has lost its quorum cannot answer it.
   */
  abstract barrier(options?: CallOptions): Promise<Position>;

  /** The last event's position as this node sees it; `undefined` when the log is empty. Proves nothing about other nodes. */
  abstract head(options?: CallOptions): Promise<Position | undefined>;

  /**
   * From now on nothing but the log's identity is read from any other log than this one, nothing is appended to it, and
   * no answer of it counts (`LogMismatchError`, or `EventStoreUnavailableError` while there is doubt), whatever server
   * takes the place of this one. An adapter whose log lies in the database of the read models has no need of it: they
   * only change together.
   */
  keepTo?(logId: string): void;

  abstract close(): Promise<void>;
}

export const EVENT_STORE_TIMEOUT_MS_DEFAULT = 10_000;
/** A request's events together, as the store counts them (data, metadata and type bytes of each). */
export const APPEND_BYTES_MAX = 1_048_576;
export const PROGRESS_INTERVAL_MS = 250;
export const SUBSCRIPTION_BUFFER_EVENTS_MAX = 2_000;
