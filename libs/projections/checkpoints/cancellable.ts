import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { CANCEL_INTERVAL_MS } from '../limits.js';

/**
 * A statement under way in this session ends with the signal, at once; between statements, `work` has to look itself.
 *
 * @throws the signal's reason, whatever the work failed with, once it is aborted.
 */
export async function cancellable<T>(
  pool: pg.Pool,
  client: pg.PoolClient,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const over = new AbortController();
  let cancelling: Promise<void> | undefined;
  const cancel = (): void => {
    cancelling = cancelUntil(pool, rows[0]?.pid, over.signal);
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    over.abort();
    // The next statement of this session is another's.
    await cancelling;
  }
}

/** Again and again: a statement that was on its way when the first one came is met by the next. */
async function cancelUntil(
  pool: pg.Pool,
  pid: number | undefined,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    // Where it does not come through, the statement's time-out ends it.
    await cancelBackend(pool, pid).catch(() => undefined);
    await delay(CANCEL_INTERVAL_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

async function cancelBackend(pool: pg.Pool, pid: number | undefined): Promise<void> {
  const client = await pool.connect();
  try {
    // A session is its user's, whichever role it works in.
    await client.query('SET ROLE NONE');
    await client.query('SELECT pg_cancel_backend($1)', [pid]);
  } finally {
    client.release(true);
  }
}
