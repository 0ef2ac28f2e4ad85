import type pg from 'pg';
import type { EventStore, Position } from '#event-store';
import { position, positionsSeen } from '#event-store';
import type { Clock } from '#kernel';
import { LOG_TIMES, settledPositionOf } from './as-of.js';
import { sqlState, UNDEFINED_TABLE } from '../database-errors.js';
import { CHECKPOINT_POLL_INTERVAL_MS } from '../limits.js';
import { AsOfInFutureError, StaleReadError } from '../projections.errors.js';
import type { ReadOptions, ReadPatience, ReadResult, SqlReader } from './read-models.js';
import { ReadModels, STALE_READ_WAIT_MS } from './read-models.js';

const CHECKPOINTS = `
  SELECT given.name, c.resume_position FROM unnest($1::text[]) AS given (name)
  LEFT JOIN ledger.projections p ON p.name = given.name
  LEFT JOIN ledger.checkpoints c ON c.name = given.name AND c.build = coalesce(p.build, 'v1')
    AND (p.build IS NOT NULL OR cardinality(c.tables) = 0)`;

interface CheckpointPosition {
  readonly name: string;
  readonly resume_position: bigint | null;
}

/** Rows and checkpoints in one REPEATABLE READ snapshot on one node. */
export class PostgresReadModels extends ReadModels {
  readonly #waiters: CheckpointWaiters;

  /**
   * @param pool with `bigint` as JS bigints and `timestamptz` as ISO strings (`createPool` of the platform).
   * @param log where the log ends and what time it is: asked for `asOf` only.
   */
  constructor(
    readonly pool: pg.Pool,
    readonly log: { readonly store: Pick<EventStore, 'barrier'>; readonly clock: Clock },
    patience: ReadPatience = { staleReadWaitMs: STALE_READ_WAIT_MS },
  ) {
    super();
    this.#waiters = new CheckpointWaiters(pool, patience);
  }

  async read<T>(asked: ReadOptions, work: (sql: SqlReader) => Promise<T>): Promise<ReadResult<T>> {
    asked.signal?.throwIfAborted();
    const { asOf, projections } = asked;
    const options =
      asOf && 'time' in asOf ? { ...asked, projections: [...projections, LOG_TIMES] } : asked;
    const atLeast = later(options.atLeast, await this.#pastOf(options));
    if (atLeast !== undefined) await this.#waiters.until(options, atLeast);
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      // The lock comes before the snapshot: a switch of builds is seen wholly or not at all.
      await client.query(
        'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE ledger.projections IN ACCESS SHARE MODE',
      );
      const { rows } = await client.query<CheckpointPosition>(CHECKPOINTS, [options.projections]);
      const reached = least(rows);
      if (reached !== undefined) positionsSeen()?.snapshot(reached);
      if (reached === undefined || (atLeast !== undefined && reached < atLeast))
        throw new StaleReadError(atLeast, reached);
      const value = await work(new ClientReader(client, options.signal));
      await client.query('COMMIT');
      return { value, position: reached };
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
      // The read models were never filled: nothing serves yet.
      if (sqlState(error) === UNDEFINED_TABLE) throw new StaleReadError(atLeast, undefined);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** A position at or past all of `asOf`, which the log has. @throws {AsOfInFutureError} */
  async #pastOf({ asOf, projections, signal }: ReadOptions): Promise<Position | undefined> {
    if (!asOf) return undefined;
    if ('time' in asOf) {
      if (asOf.time > this.log.clock.now().toISOString()) throw new AsOfInFutureError();
      return (
        (await settledPositionOf(new ClientReader(this.pool, signal), asOf.time)) ??
        (await this.#end(signal))
      );
    }
    const { rows } = await this.pool.query<CheckpointPosition>(CHECKPOINTS, [projections]);
    const reached = least(rows);
    // The read models have it, so the log has: the store is asked for nothing, and may be away.
    if (reached !== undefined && asOf.position <= reached) return asOf.position;
    if (asOf.position > (await this.#end(signal))) throw new AsOfInFutureError();
    return asOf.position;
  }

  #end(signal: AbortSignal | undefined): Promise<Position> {
    return this.log.store.barrier(signal ? { signal } : {});
  }
}

const later = (one: Position | undefined, other: Position | undefined): Position | undefined =>
  one === undefined || (other !== undefined && other > one) ? other : one;

class ClientReader implements SqlReader {
  constructor(
    readonly client: Pick<pg.ClientBase, 'query'>,
    readonly signal: AbortSignal | undefined,
  ) {}

  async rows<R extends object>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> {
    this.signal?.throwIfAborted();
    const { rows } = await this.client.query<R>(sql, [...parameters]);
    return rows;
  }
}

/** The least of them; `undefined` when one of them serves nothing yet. */
function least(rows: readonly CheckpointPosition[]): Position | undefined {
  let reached: bigint | undefined;
  for (const row of rows) {
    if (row.resume_position === null) return undefined;
    if (reached === undefined || row.resume_position < reached) reached = row.resume_position;
  }
  return reached === undefined ? undefined : position(reached);
}

interface Waiter {
  readonly projections: readonly string[];
  readonly atLeast: Position;
  done(reached: Position | undefined): void;
}

/** All that wait share one poll of the checkpoints. */
class CheckpointWaiters {
  readonly #waiting = new Set<Waiter>();
  #polling = false;

  constructor(
    readonly pool: pg.Pool,
    readonly patience: ReadPatience,
  ) {}

  /** Comes back when it was reached or the wait is over: the read itself tells which. */
  async until({ projections, signal }: ReadOptions, atLeast: Position): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        this.#waiting.delete(waiter);
        resolve();
      };
      const waiter: Waiter = {
        projections,
        atLeast,
        done: (reached) => {
          if (reached !== undefined && reached >= atLeast) end();
        },
      };
      const timer = setTimeout(end, this.patience.staleReadWaitMs);
      signal?.addEventListener('abort', end);
      this.#waiting.add(waiter);
      void this.#poll();
    });
    signal?.throwIfAborted();
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    while (this.#waiting.size > 0) {
      try {
        const waiting = [...this.#waiting];
        const names = [...new Set(waiting.flatMap(({ projections }) => projections))];
        const { rows } = await this.pool.query<CheckpointPosition>(CHECKPOINTS, [names]);
        for (const waiter of waiting)
          waiter.done(least(rows.filter(({ name }) => waiter.projections.includes(name))));
      } catch {
        // The database is away: the waits end by their time-out, and the reads say why.
      }
      if (this.#waiting.size > 0)
        await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_POLL_INTERVAL_MS));
    }
    this.#polling = false;
  }
}
