import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { EventStore, LastHandled } from '#event-store';
import { assertSameLog, findLedger, LogMismatchError, position } from '#event-store';
import { MigrationError } from '#platform/postgres';

/** A node that just became leader may not find for a moment what it has. What it says for longer is true. */
export const LOG_TOLERANCE_MS = 6_000;
const LOG_RETRY_INTERVAL_MS = 500;
const LOG_CHECK_TIMEOUT_MS = 5_000;
const UNDEFINED_TABLE = '42P01';

/** Why the log is not the one that this database was filled from. */
export interface OtherLog {
  readonly message: string;
  /** Another identity: no waiting changes that. */
  readonly certain: boolean;
}

interface HandledRow {
  readonly log_id: string;
  readonly handled_position: bigint;
  readonly handled_event_id: string;
}

/** One of another log before all others, then the one that has seen most. */
const LAST_HANDLED = `
  SELECT log_id, handled_position, handled_event_id FROM ledger.checkpoints WHERE log_id IS NOT NULL
  ORDER BY log_id IS NOT DISTINCT FROM $1::uuid, handled_position DESC LIMIT 1`;

/**
 * Compares the log's identity, and the last event that a checkpoint of this database has seen, with what the store
 * holds. Writes nothing. `undefined`: it is the same log, or this database has seen none yet.
 *
 * @throws {MigrationError} the database was not migrated.
 */
export async function findOtherLog(
  dataSource: DataSource,
  store: EventStore,
): Promise<OtherLog | undefined> {
  const call = { timeoutMs: LOG_CHECK_TIMEOUT_MS };
  const ledger = await findLedger(store, call);
  const last = await lastHandled(dataSource, ledger?.logId);
  if (!last) return undefined;
  if (last.logId !== ledger?.logId)
    return {
      message:
        `the database was filled from log ${last.logId}, but ${store.description} holds ` +
        `${ledger ? `log ${ledger.logId}` : 'no ledger'}: name the event store of log ${last.logId} in ` +
        'KEYLEDGER_EVENTSTORE (and its name in KEYLEDGER_EVENTSTORE_LEDGER, where ledgers share a server), or the database that belongs to the other log in DATABASE_URL (an embedded one: its ' +
        'KEYLEDGER_DATA_DIR). An empty database is filled from the log',
      certain: ledger !== undefined,
    };
  try {
    await assertSameLog(store, ledger, last, call);
    return undefined;
  } catch (error) {
    if (!(error instanceof LogMismatchError)) throw error;
    return {
      message: `${error.message}. Restore log and database to the same moment, or name an empty database, which is filled from the log`,
      certain: false,
    };
  }
}

/** @throws {LogMismatchError} the store holds another log than this database was filled from: never serve the one with the other. */
export async function assertOwnLog(dataSource: DataSource, store: EventStore): Promise<void> {
  const endsAtMs = performance.now() + LOG_TOLERANCE_MS;
  for (;;) {
    const other = await findOtherLog(dataSource, store);
    if (!other) return;
    if (other.certain || performance.now() >= endsAtMs) throw new LogMismatchError(other.message);
    await delay(LOG_RETRY_INTERVAL_MS);
  }
}

/** Whether something of this database was filled from a log, whichever. @throws {MigrationError} */
export async function isFilled(dataSource: DataSource): Promise<boolean> {
  return (await rowsOf(dataSource, undefined)).length > 0;
}

async function lastHandled(
  dataSource: DataSource,
  logId: string | undefined,
): Promise<LastHandled | undefined> {
  const [row] = await rowsOf(dataSource, logId);
  return (
    row && {
      logId: row.log_id,
      position: position(row.handled_position),
      eventId: row.handled_event_id,
    }
  );
}

async function rowsOf(dataSource: DataSource, logId: string | undefined): Promise<HandledRow[]> {
  try {
    return await dataSource.query<HandledRow[]>(LAST_HANDLED, [logId ?? null]);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== UNDEFINED_TABLE)
      throw error;
    throw new MigrationError('the database has no schema ledger: run the migrations first', {
      cause: error,
    });
  }
}
