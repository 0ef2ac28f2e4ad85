import type pg from 'pg';
import type { Position } from '#event-store';
import { position } from '#event-store';
import {
  FAILURE_CHARACTERS_MAX,
  LEASE_MS,
  RUNNER_CONNECTIONS_SPARE,
  RUNNER_STATEMENT_TIMEOUT_MS,
} from '../limits.js';
import { Places } from './places.js';
import { Mutex } from './mutex.js';
import { LeaseLostError } from '../projections.errors.js';

export type ConsumerKind = 'projection' | 'process';

export interface ConsumerId {
  readonly name: string;
  readonly build: string;
  readonly kind: ConsumerKind;
  readonly version: number;
  /** Of a projection, as declared. */
  readonly tables: readonly string[];
}

export const consumerLabel = (id: Pick<ConsumerId, 'name' | 'build'>): string =>
  `${id.name} ${id.build}`;

export interface Handled {
  readonly logId: string;
  readonly position: Position;
  readonly eventId: string;
  readonly at: string;
}

/** How far a consumer is. Changed only after the database said so. */
export interface Progress {
  /** Where to resume; may be a progress position, of no event of ours. */
  readonly resume: Position | undefined;
  /** Events of the log up to there (its beacons not counted): the same for all consumers, so that lag can be counted. */
  readonly eventsSeen: bigint;
  readonly handled: Handled | undefined;
}

/** The right to move one consumer's checkpoint, for as long as nobody else took it. */
export class Lease {
  readonly mutex = new Mutex();
  progress: Progress;
  indexed: boolean;
  /** When the database last said that it is ours (`performance.now()`). */
  confirmedAtMs = performance.now();

  constructor(
    readonly id: ConsumerId,
    readonly epoch: bigint,
    row: CheckpointRow,
  ) {
    this.progress = progressOf(row);
    this.indexed = row.indexed;
  }
}

export interface FailedEvent {
  readonly type: string;
  readonly id: string;
  readonly position: Position;
}

export interface CheckpointRow {
  readonly name: string;
  readonly build: string;
  readonly kind: ConsumerKind;
  readonly version: number;
  readonly resume_position: bigint | null;
  readonly events_seen: bigint;
  readonly log_id: string | null;
  readonly handled_position: bigint | null;
  readonly handled_event_id: string | null;
  readonly handled_at: string | null;
  readonly indexed: boolean;
  readonly runner: string | null;
  readonly epoch: bigint;
  readonly leased: boolean;
  /** Since the last lease was over; `null`: nobody ever had one. */
  readonly unattended_ms: number | null;
  readonly failed_position: bigint | null;
  readonly failed_event_id: string | null;
  readonly failed_event_type: string | null;
  readonly failure: string | null;
  readonly serving: boolean;
}

const COLUMNS = `c.name, c.build, c.kind, c.version, c.resume_position, c.events_seen, c.log_id, c.handled_position,
  c.handled_event_id, c.handled_at, c.indexed, c.runner, c.epoch, c.failed_position, c.failed_event_id,
  c.failed_event_type, c.failure, coalesce(c.lease_until > clock_timestamp(), false) AS leased,
  greatest(0, extract(epoch FROM clock_timestamp() - c.lease_until) * 1000)::float8 AS unattended_ms`;
const LEASE_TIME = `interval '${String(LEASE_MS)} milliseconds'`;
const LEASE = `clock_timestamp() + ${LEASE_TIME}`;
/** Given before the server was started: whoever had it lost its sessions, and has to come back like everybody else. */
const GIVEN_BEFORE_START = `c.lease_until - ${LEASE_TIME} < pg_postmaster_start_time()`;

/**
 * For what is not made again from the log: what somebody was told that is done, and what a runner remembers as done once
 * and for all. Other commits of runner sessions may be lost with a server that crashes.
 */
export const TO_DISK = 'SET LOCAL synchronous_commit = on';

/** The rows of `ledger.checkpoints`. Every change of one is a compare-and-set on its epoch. */
export class Checkpoints {
  /**
   * Fills write one after another: the database needs less time for what they make than they do, and two that write at
   * once would only take the processor from the one who makes it.
   */
  readonly fillWrites = new Mutex();

  constructor(readonly pool: pg.Pool) {}

  async ensure(ids: readonly ConsumerId[]): Promise<void> {
    await this.pool.query(
      `INSERT INTO ledger.checkpoints (name, build, kind, version, tables)
       SELECT name, build, kind, version::int, tables::text[]
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS g (name, build, kind, version, tables)
       ON CONFLICT DO NOTHING`,
      [
        ids.map((id) => id.name),
        ids.map((id) => id.build),
        ids.map((id) => id.kind),
        ids.map((id) => String(id.version)),
        ids.map((id) => `{${id.tables.join(',')}}`),
      ],
    );
  }

  /**
   * Takes those whose lease is over and that are not marked as failed. Rows that somebody's transaction holds are left:
   * a stopped runner loses it with its session. No lease outlives a restart of the server: after `kill -9` of a process
   * with its embedded server, the next one would have to wait for those of the one that was killed.
   */
  async claim(ids: readonly ConsumerId[], runner: string): Promise<Lease[]> {
    const { rows } = await this.pool.query<CheckpointRow>(
      `WITH free AS (
         SELECT c.name, c.build FROM ledger.checkpoints c
         JOIN unnest($1::text[], $2::text[]) AS given (name, build) USING (name, build)
         WHERE c.failure IS NULL
           AND (c.lease_until IS NULL OR c.lease_until < clock_timestamp() OR ${GIVEN_BEFORE_START})
         FOR UPDATE OF c SKIP LOCKED)
       UPDATE ledger.checkpoints c SET runner = $3, epoch = c.epoch + 1, lease_until = ${LEASE}
       FROM free WHERE c.name = free.name AND c.build = free.build RETURNING ${COLUMNS}`,
      [ids.map((id) => id.name), ids.map((id) => id.build), runner],
    );
    return rows.flatMap((row) => {
      const id = ids.find((one) => one.name === row.name && one.build === row.build);
      return id ? [new Lease(id, row.epoch, row)] : [];
    });
  }

  /**
   * Ends the sessions that hold rows whose lease is over and that wait, beyond the time-out of their statement, for a
   * runner that says nothing: the server heeds no time-out while it waits for the rows of a `COPY`, and a process that
   * stands still keeps its connection. Only sessions of the same login, which need no further right.
   *
   * @returns how many it ended
   */
  async endStalled(ids: readonly ConsumerId[]): Promise<number> {
    const { rows } = await this.pool.query<{ xid: string }>(
      `SELECT DISTINCT c.xmax::text AS xid FROM ledger.checkpoints c
       JOIN unnest($1::text[], $2::text[]) AS given (name, build) USING (name, build)
       WHERE c.failure IS NULL AND c.lease_until < clock_timestamp() AND c.xmax <> '0'::xid`,
      [ids.map((id) => id.name), ids.map((id) => id.build)],
    );
    if (rows.length === 0) return 0;
    // Not among the places for transactions that have much to do: it must not wait for them.
    return await transaction(this.pool, async (client) => {
      await client.query('SET LOCAL ROLE NONE');
      const { rowCount } = await client.query(
        `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
         WHERE l.locktype = 'transactionid' AND l.granted AND l.transactionid::text = ANY ($1::text[])
           AND a.usename = session_user AND a.application_name = current_setting('application_name')
           AND a.state = 'active' AND a.wait_event_type = 'Client'
           AND a.query_start < clock_timestamp() - interval '${String(RUNNER_STATEMENT_TIMEOUT_MS)} milliseconds'`,
        [rows.map(({ xid }) => xid)],
      );
      return rowCount ?? 0;
    });
  }

  /**
   * Renews what is idle, and gives back the leases that somebody else has taken. And those whose checkpoint is not where
   * it was moved to: a server that crashed loses the last commits of sessions that don't wait for the disk, and while
   * nothing new comes nobody else would notice.
   */
  async renew(leases: readonly Lease[]): Promise<Lease[]> {
    const idle = leases.filter((lease) => lease.mutex.free);
    if (idle.length === 0) return [];
    return await Mutex.runAll(
      idle.map((lease) => lease.mutex),
      async () => {
        const { rows } = await this.pool.query<{ name: string; build: string; epoch: bigint }>(
          `WITH given AS (
             SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS g (name, build, epoch, resume)),
           mine AS (
             SELECT c.name, c.build FROM ledger.checkpoints c JOIN given USING (name, build)
             WHERE c.epoch = given.epoch AND c.resume_position IS NOT DISTINCT FROM given.resume
             FOR UPDATE OF c SKIP LOCKED),
           renewed AS (
             UPDATE ledger.checkpoints c SET lease_until = ${LEASE}
             FROM mine WHERE c.name = mine.name AND c.build = mine.build)
           SELECT given.name, given.build, given.epoch FROM given LEFT JOIN ledger.checkpoints c USING (name, build)
           WHERE c.epoch IS DISTINCT FROM given.epoch OR c.resume_position IS DISTINCT FROM given.resume`,
          [...keysOf(idle), idle.map((lease) => text(lease.progress.resume))],
        );
        const lost = idle.filter((lease) =>
          rows.some((row) => row.name === lease.id.name && row.build === lease.id.build),
        );
        for (const lease of idle)
          if (!lost.includes(lease)) lease.confirmedAtMs = performance.now();
        return lost;
      },
    );
  }

  /** Moves checkpoints for which nothing had to be written; gives back those that are no longer ours to move. */
  async advance(
    moves: readonly { readonly lease: Lease; readonly to: Progress }[],
  ): Promise<Lease[]> {
    if (moves.length === 0) return [];
    return await Mutex.runAll(
      moves.map(({ lease }) => lease.mutex),
      async () => {
        const { rows } = await this.pool.query<{ name: string; build: string }>(
          `WITH given AS (
             SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
               $7::uuid[], $8::bigint[], $9::uuid[], $10::timestamptz[])
             AS g (name, build, epoch, before, after, seen, log_id, handled, handled_id, handled_at)),
           mine AS (
             SELECT c.name, c.build FROM ledger.checkpoints c JOIN given g USING (name, build)
             WHERE c.epoch = g.epoch AND c.resume_position IS NOT DISTINCT FROM g.before
             FOR UPDATE OF c SKIP LOCKED)
           UPDATE ledger.checkpoints c
           SET resume_position = g.after, events_seen = g.seen, log_id = g.log_id, handled_position = g.handled,
             handled_event_id = g.handled_id, handled_at = g.handled_at, lease_until = ${LEASE}
           FROM given g JOIN mine USING (name, build) WHERE c.name = g.name AND c.build = g.build
           RETURNING c.name, c.build`,
          [
            ...keysOf(moves.map(({ lease }) => lease)),
            moves.map(({ lease }) => text(lease.progress.resume)),
            moves.map(({ to }) => text(to.resume)),
            moves.map(({ to }) => text(to.eventsSeen)),
            moves.map(({ to }) => to.handled?.logId ?? null),
            moves.map(({ to }) => text(to.handled?.position)),
            moves.map(({ to }) => to.handled?.eventId ?? null),
            moves.map(({ to }) => to.handled?.at ?? null),
          ],
        );
        const moved = new Set(rows.map(consumerLabel));
        for (const { lease, to } of moves)
          if (moved.has(consumerLabel(lease.id))) {
            lease.progress = to;
            lease.confirmedAtMs = performance.now();
          }
        return moves
          .map(({ lease }) => lease)
          .filter((lease) => !moved.has(consumerLabel(lease.id)));
      },
    );
  }

  /**
   * One transaction that moves the checkpoint with what `work` writes: the row is locked first, and compared and set last.
   *
   * @throws {LeaseLostError} nothing was written: somebody else runs this consumer.
   */
  async transact(
    lease: Lease,
    to: Progress,
    work: (client: pg.PoolClient) => Promise<void>,
  ): Promise<void> {
    await lease.mutex.run(async () => {
      await inTransaction(this.pool, async (client) => {
        await this.lock(client, lease);
        await work(client);
        const { handled } = to;
        const { rowCount } = await client.query(
          `UPDATE ledger.checkpoints c SET resume_position = $5, events_seen = $6, log_id = $7, handled_position = $8,
             handled_event_id = $9, handled_at = $10, lease_until = ${LEASE}
           WHERE name = $1 AND build = $2 AND epoch = $3 AND resume_position IS NOT DISTINCT FROM $4`,
          [
            lease.id.name,
            lease.id.build,
            text(lease.epoch),
            text(lease.progress.resume),
            text(to.resume),
            text(to.eventsSeen),
            handled?.logId ?? null,
            text(handled?.position),
            handled?.eventId ?? null,
            handled?.at ?? null,
          ],
        );
        if (rowCount !== 1) throw new LeaseLostError(consumerLabel(lease.id));
      });
      lease.progress = to;
      lease.confirmedAtMs = performance.now();
    });
  }

  /** Locks the row for the transaction of `client`. @throws {LeaseLostError} */
  async lock(client: pg.PoolClient, lease: Lease): Promise<void> {
    const { rows } = await client.query<{ epoch: bigint; resume_position: bigint | null }>(
      'SELECT epoch, resume_position FROM ledger.checkpoints WHERE name = $1 AND build = $2 FOR UPDATE NOWAIT',
      [lease.id.name, lease.id.build],
    );
    const [row] = rows;
    if (row?.epoch !== lease.epoch || (row.resume_position ?? undefined) !== lease.progress.resume)
      throw new LeaseLostError(consumerLabel(lease.id));
  }

  /** Within a transaction that holds the row: its indexes are there, and the lease begins anew. */
  async markIndexed(client: pg.PoolClient, lease: Lease): Promise<void> {
    await client.query(TO_DISK);
    await client.query(
      `UPDATE ledger.checkpoints SET indexed = true, lease_until = ${LEASE} WHERE name = $1 AND build = $2`,
      [lease.id.name, lease.id.build],
    );
    lease.confirmedAtMs = performance.now();
  }

  /** Gives the lease back, when it is still ours. */
  async release(leases: readonly Lease[]): Promise<void> {
    await this.pool.query(
      `UPDATE ledger.checkpoints c SET lease_until = clock_timestamp(), runner = NULL
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (name, build, epoch)
       WHERE c.name = given.name AND c.build = given.build AND c.epoch = given.epoch`,
      keysOf(leases),
    );
  }

  async markFailed(lease: Lease, event: FailedEvent, failure: string): Promise<void> {
    await this.pool.query(
      `UPDATE ledger.checkpoints SET failed_position = $4, failed_event_id = $5, failed_event_type = $6, failure = $7,
         failed_at = clock_timestamp(), lease_until = NULL, runner = NULL
       WHERE name = $1 AND build = $2 AND epoch = $3`,
      [
        lease.id.name,
        lease.id.build,
        text(lease.epoch),
        text(event.position),
        event.id,
        event.type,
        failure.replaceAll('\u0000', '').slice(0, FAILURE_CHARACTERS_MAX),
      ],
    );
  }

  async clearFailed(ids: readonly Pick<ConsumerId, 'name' | 'build'>[]): Promise<void> {
    await this.pool.query(
      `UPDATE ledger.checkpoints c SET failed_position = NULL, failed_event_id = NULL, failed_event_type = NULL,
         failure = NULL, failed_at = NULL
       FROM unnest($1::text[], $2::text[]) AS given (name, build)
       WHERE c.name = given.name AND c.build = given.build AND c.failure IS NOT NULL`,
      [ids.map((id) => id.name), ids.map((id) => id.build)],
    );
  }

  async all(): Promise<CheckpointRow[]> {
    const { rows } = await this.pool.query<CheckpointRow>(
      `SELECT ${COLUMNS}, coalesce(p.build = c.build, false) AS serving
       FROM ledger.checkpoints c LEFT JOIN ledger.projections p ON p.name = c.name ORDER BY c.name, c.version, c.build`,
    );
    return rows;
  }
}

export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return await placesOf(pool).run(() => transaction(pool, work));
}

/** Waiting for a connection has a time-out, which is for a server that is away: to have much to do is no failure. */
const PLACES = new WeakMap<pg.Pool, Places>();

function placesOf(pool: pg.Pool): Places {
  const places =
    PLACES.get(pool) ?? new Places(Math.max(2, pool.options.max - RUNNER_CONNECTIONS_SPARE));
  PLACES.set(pool, places);
  return places;
}

async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection whose rollback fails is not given back to the pool.
    await client.query('ROLLBACK').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

function progressOf(row: CheckpointRow): Progress {
  return {
    resume: row.resume_position === null ? undefined : position(row.resume_position),
    eventsSeen: row.events_seen,
    handled:
      row.log_id === null ||
      row.handled_position === null ||
      row.handled_event_id === null ||
      row.handled_at === null
        ? undefined
        : {
            logId: row.log_id,
            position: position(row.handled_position),
            eventId: row.handled_event_id,
            at: row.handled_at,
          },
  };
}

function keysOf(leases: readonly Lease[]): [string[], string[], string[]] {
  return [
    leases.map((lease) => lease.id.name),
    leases.map((lease) => lease.id.build),
    leases.map((lease) => String(lease.epoch)),
  ];
}

const text = (value: bigint | undefined): string | null =>
  value === undefined ? null : String(value);
