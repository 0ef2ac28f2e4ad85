import type { Position } from '#event-store';

/** Parameters as `pg` takes them (`$1`…); rows with `bigint` columns as JS bigints and `timestamptz` as ISO strings. */
export interface SqlReader {
  rows<R extends object>(sql: string, parameters?: readonly unknown[]): Promise<R[]>;
}

/** How fresh, or how old, an answer shall be, and until when it is waited for: what queries take. */
export interface ReadPlace {
  /** Wait, bounded by `ReadPatience`, until the read models are at or past it. */
  readonly atLeast?: Position;
  /**
   * The moment that is looked at. A position, or what the log held at a time, is waited for like `atLeast`; what is to
   * come is refused.
   */
  readonly asOf?: AsOf;
  readonly signal?: AbortSignal;
}

export interface ReadOptions extends ReadPlace {
  /** The projections whose tables are read: the least of their checkpoints is the answer's position. */
  readonly projections: readonly string[];
}

export interface ReadResult<T> {
  readonly value: T;
  /** For the header `X-Ledger-Position`. */
  readonly position: Position;
}

/** A place in history: `asOf` chooses data, never rights. */
export type AsOf = { readonly position: Position } | { readonly time: string };

/**
 * The only way to the read models: rows and checkpoints in one REPEATABLE READ snapshot on one node, whose position is
 * noted (`positionsSeen`) also for what is thrown.
 *
 * @throws {StaleReadError} when `atLeast` was not reached in time (503 `projections/stale-read`).
 * @throws {AsOfInFutureError} the log does not reach as far as `asOf` (400 `projections/as-of-in-future`).
 */
export abstract class ReadModels {
  abstract read<T>(
    options: ReadOptions,
    work: (sql: SqlReader) => Promise<T>,
  ): Promise<ReadResult<T>>;
}

export const STALE_READ_WAIT_MS = 2_000;

/** How long a read waits for what it shall be at or past. Default: `STALE_READ_WAIT_MS`. */
export interface ReadPatience {
  readonly staleReadWaitMs: number;
}
