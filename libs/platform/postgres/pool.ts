import pg from 'pg';
import type { PoolConfig } from 'pg';
import { typeParsers } from './type-parsers.js';

export const POOL_CONNECT_TIMEOUT_MS = 5_000;
export const POOL_CONNECTIONS_MAX_DEFAULT = 10;
export const POOL_IDLE_TIMEOUT_MS = 30_000;
export const STATEMENT_TIMEOUT_MS_DEFAULT = 10_000;
/** A session that begins a transaction and then says nothing loses its locks. */
export const IDLE_IN_TRANSACTION_TIMEOUT_MS_DEFAULT = 5_000;
/** Beyond the statement's own time-out: for a server that does not answer at all. */
export const ANSWER_GRACE_MS = 5_000;
export const KEEPALIVE_DELAY_MS = 10_000;
/** A peer that acknowledges nothing for so long is gone (Linux: `TCP_USER_TIMEOUT`, set at the server). */
export const TCP_USER_TIMEOUT_MS = 15_000;

/** The role that everything but migrations works as. */
export const RUNTIME_ROLE = 'keyledger_runtime';

export interface PoolOptions {
  /** `postgres://user:password@host:port/database`; holds a password, so never log it. */
  readonly url: string;
  /** `SET ROLE` of every session; `RUNTIME_ROLE` for all but migrations. */
  readonly role?: string;
  /** Stands in `pg_stat_activity`. */
  readonly applicationName: string;
  /** 0: none (rebuilds, subscriptions). */
  readonly statementTimeoutMs?: number;
  /** On the client's side, for one answer. Default: the statement's time-out and `ANSWER_GRACE_MS`, or none. */
  readonly answerTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly connectionsMax?: number;
  /** Lost idle connections; the pool makes new ones by itself. */
  readonly onError?: (error: Error) => void;
}

/** What a pool and a TypeORM DataSource are configured with: time-outs everywhere, our type parsers, UTC. */
export function connectionConfig(options: PoolOptions): PoolConfig {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS_DEFAULT;
  const answerTimeoutMs =
    options.answerTimeoutMs ??
    (statementTimeoutMs === 0 ? undefined : statementTimeoutMs + ANSWER_GRACE_MS);
  const settings: Record<string, string | number> = {
    TimeZone: 'UTC',
    DateStyle: 'ISO',
    // To compile a plan costs more than any of these queries.
    jit: 'off',
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout:
      options.idleInTransactionTimeoutMs ?? IDLE_IN_TRANSACTION_TIMEOUT_MS_DEFAULT,
    tcp_user_timeout: TCP_USER_TIMEOUT_MS,
    ...(options.lockTimeoutMs === undefined ? {} : { lock_timeout: options.lockTimeoutMs }),
    ...(options.role === undefined ? {} : { role: options.role }),
  };
  const url = new URL(options.url);
  const given = url.searchParams.get('options');
  // pg lets what stands in the URL win over the configuration, so both go into one.
  url.searchParams.delete('options');
  const own = Object.entries(settings).map(([name, value]) => `-c ${name}=${String(value)}`);
  return {
    connectionString: url.href,
    options: [...(given === null ? [] : [given]), ...own].join(' '),
    application_name: options.applicationName,
    connectionTimeoutMillis: POOL_CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: POOL_IDLE_TIMEOUT_MS,
    max: options.connectionsMax ?? POOL_CONNECTIONS_MAX_DEFAULT,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
    types: typeParsers,
    ...(answerTimeoutMs === undefined ? {} : { query_timeout: answerTimeoutMs }),
  };
}

export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool(connectionConfig(options));
  // Without listeners a lost connection ends the process: an idle one by the pool, one in use by itself.
  pool.on('error', (error) => options.onError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
