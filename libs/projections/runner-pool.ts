import pg from 'pg';
import {
  RUNNER_CONNECT_TIMEOUT_MS,
  RUNNER_CONNECTIONS_MAX,
  RUNNER_IDLE_IN_TRANSACTION_TIMEOUT_MS,
  RUNNER_STATEMENT_TIMEOUT_MS,
} from './limits.js';

export const RUNTIME_ROLE = 'keyledger_runtime';

export interface RunnerPoolOptions {
  readonly connectionString: string;
  /** Default: `keyledger_runtime`; `null`: the user of the connection string. */
  readonly role?: string | null;
  readonly connectionsMax?: number;
  readonly onError?: (error: Error) => void;
}

const SESSION: Readonly<Record<string, string | number>> = {
  idle_in_transaction_session_timeout: RUNNER_IDLE_IN_TRANSACTION_TIMEOUT_MS,
  statement_timeout: RUNNER_STATEMENT_TIMEOUT_MS,
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  // Rows and checkpoint are lost together in a crash, and made again from the log: no commit has to wait for the disk.
  synchronous_commit: 'off',
  TimeZone: 'UTC',
  // Rows are always looked up by a few thousand keys: on a table without statistics yet, a hash or merge join would read
  // all of it for every batch.
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
};

/** Sessions that a stopped or cut-off process loses within seconds, with their locks. */
export function createRunnerPool(options: RunnerPoolOptions): pg.Pool {
  const role = options.role === undefined ? RUNTIME_ROLE : options.role;
  const settings: Record<string, string | number> = {
    ...SESSION,
    ...(role === null ? {} : { role }),
  };
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.connectionsMax ?? RUNNER_CONNECTIONS_MAX,
    connectionTimeoutMillis: RUNNER_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'keyledger projections',
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${String(value)}`)
      .join(' '),
    types: columnTypes(),
  });
  // A connection that breaks, idle or in use, is replaced by the pool; without listeners it would end the process.
  const onError = options.onError ?? (() => undefined);
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

const UTC_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,3})?\+00$/;

/** As these sessions write nearly all times; `undefined`: another form. */
function isoTime(text: string): string | undefined {
  const [, day, time, fraction = '.'] = UTC_TIME.exec(text) ?? [];
  return day === undefined || time === undefined
    ? undefined
    : `${day}T${time}${fraction.padEnd(4, '0')}Z`;
}

/** `int8` as bigint, `timestamptz` as ISO-8601. */
function columnTypes(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  const toDate = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;
  types.setTypeParser(pg.types.builtins.INT8, BigInt);
  types.setTypeParser(
    pg.types.builtins.TIMESTAMPTZ,
    (text: string) => isoTime(text) ?? toDate(text).toISOString(),
  );
  return types;
}
