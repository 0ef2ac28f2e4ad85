import type pg from 'pg';
import {
  AppendOutcomeUnknownError,
  EventStoreAccessDeniedError,
  EventStoreError,
  EventStoreUnavailableError,
} from '../index.js';
import { RUNTIME_ROLE } from '#platform/postgres';

export const CONNECT_TIMEOUT_MS = 5_000;
/** On the server: what runs longer is ended there, and its outcome is known. Below `EVENT_STORE_TIMEOUT_MS_DEFAULT`. */
export const STATEMENT_TIMEOUT_MS = 8_000;
export const LOCK_TIMEOUT_MS = 5_000;
/** Unanswered data of a connection whose peer is gone. */
export const TCP_USER_TIMEOUT_MS = 10_000;
export const KEEP_ALIVE_DELAY_MS = 5_000;

export interface ConnectionOptions {
  /** `postgres://…`, of a login that may take the role. */
  readonly url: string;
  readonly applicationName: string;
}

/** The server loses what it acknowledged, or cannot hold a log at all. Starting again does not help. */
export class UnfitServerError extends EventStoreError {
  override readonly name = 'UnfitServerError';
  constructor(
    readonly setting: string,
    message: string,
  ) {
    super(message);
  }
}

export function clientConfig(
  { url, applicationName }: ConnectionOptions,
  more: Readonly<Record<string, string>> = {},
): pg.ClientConfig {
  const settings = {
    role: RUNTIME_ROLE,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    tcp_user_timeout: TCP_USER_TIMEOUT_MS,
    default_transaction_isolation: 'read\\ committed',
    timezone: 'UTC',
    datestyle: 'ISO',
    // Every query here has its index; a table that was never analysed must not talk the planner out of it.
    enable_seqscan: 'off',
    enable_bitmapscan: 'off',
    ...more,
  };
  // Options in the URL would replace ours, and the role with them: theirs come first, ours have the last word.
  const target = new URL(url);
  const given = target.searchParams.get('options');
  target.searchParams.delete('options');
  return {
    connectionString: target.href,
    application_name: applicationName,
    options: [
      ...(given ? [given] : []),
      ...Object.entries(settings).map(([name, value]) => `-c ${name}=${String(value)}`),
    ].join(' '),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    types: { getTypeParser },
  };
}

const list = (text: string): string[] => (text === '{}' ? [] : text.slice(1, -1).split(','));

/** By type OID: all that this adapter's queries give. */
const PARSERS = new Map<number, (text: string) => unknown>([
  [16, (bool) => bool === 't'],
  [20, BigInt],
  [1007, (int4s) => list(int4s).map(Number)],
  [1016, (int8s) => list(int8s).map((item) => (item === 'NULL' ? null : BigInt(item)))],
  // `2026-11-22 17:00:00.123456+00`: connections speak UTC.
  [1184, (timestamptz) => new Date(`${timestamptz.slice(0, 10)}T${timestamptz.slice(11, -3)}Z`)],
]);

const asText = (text: string): string => text;

/** This adapter's own, so that it does not depend on what others set for the whole process. */
const getTypeParser = (oid: number): ((text: string) => unknown) => PARSERS.get(oid) ?? asText;

/** What a server says of itself. */
export interface Fitness {
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly server_encoding: string;
  readonly in_recovery: boolean;
  readonly has_log: boolean;
}

/** @throws {UnfitServerError} */
export function assertFitness(fitness: Fitness): void {
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit'] as const)
    if (fitness[setting] === 'off')
      throw new UnfitServerError(
        setting,
        `PostgreSQL runs with ${setting} = off and may lose what it has acknowledged: set ${setting} = on`,
      );
  if (fitness.server_encoding !== 'UTF8')
    throw new UnfitServerError(
      'server_encoding',
      `the database's encoding is ${fitness.server_encoding}, a log needs UTF8: create it WITH ENCODING 'UTF8'`,
    );
  if (fitness.in_recovery)
    throw new UnfitServerError(
      'in_recovery',
      'the server is a standby (in recovery): connect to the primary',
    );
  if (!fitness.has_log)
    throw new UnfitServerError('log', 'the database has no schema log: run the migrations first');
}

/** Asked on each connection that appends, not only at the start: a server can come back with other settings. */
export async function assertFit(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<Fitness>(
    `SELECT current_setting('fsync') AS fsync,
            current_setting('full_page_writes') AS full_page_writes,
            current_setting('synchronous_commit') AS synchronous_commit,
            current_setting('server_encoding') AS server_encoding,
            pg_is_in_recovery() AS in_recovery,
            EXISTS (SELECT FROM pg_namespace WHERE nspname = 'log') AS has_log`,
  );
  const [fitness] = rows;
  if (!fitness) throw new EventStoreUnavailableError('the server did not answer');
  assertFitness(fitness);
  // `local` and `remote_write` become `on`; what is stricter stays.
  if (fitness.synchronous_commit !== 'remote_apply')
    await client.query('SET synchronous_commit = on');
}

/** Cuts it at once. `end()` waits for a server that may never answer. */
export function cut(client: pg.ClientBase): void {
  // pg's types hide the connection's socket.
  (
    client as unknown as { connection: { stream: { destroy(): void } } }
  ).connection.stream.destroy();
}

/** Refusals of the login or of a permission. */
const ACCESS_DENIED = new Set(['28000', '28P01', '42501', '3D000']);

/** States of errors that roll back their transaction, whatever language the server speaks. */
const ROLLED_BACK = /^(22|23|25|40|42|54|55|57014|P0)/;

/**
 * Whether the server said that the transaction was rolled back. All else (FATAL, PANIC, a broken connection) says
 * nothing about it.
 */
export function rolledBack(error: unknown): boolean {
  const { severity, code } = error as Partial<pg.DatabaseError>;
  if (severity === undefined || code === undefined) return false;
  if (severity === 'ERROR') return true;
  return severity !== 'FATAL' && severity !== 'PANIC' && ROLLED_BACK.test(code);
}

/** What a failed call means; `sent`: an append had been handed to the server. */
export function translated(error: unknown, sent: 'append' | 'nothing'): Error {
  if (error instanceof EventStoreError) return error;
  const { code, message } = error as Partial<pg.DatabaseError> & Error;
  const text = `PostgreSQL: ${message}${code ? ` (${code})` : ''}`;
  if (sent === 'append' && !rolledBack(error))
    return new AppendOutcomeUnknownError(text, { cause: error });
  if (code && ACCESS_DENIED.has(code))
    return new EventStoreAccessDeniedError(text, { cause: error });
  return new EventStoreUnavailableError(text, { cause: error });
}
