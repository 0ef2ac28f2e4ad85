import pg from 'pg';
import type { MigrationInterface } from 'typeorm';
import { AbstractLogger, DataSource } from 'typeorm';
import { connectionConfig, RUNTIME_ROLE } from './pool.js';
import type { PoolOptions } from './pool.js';

/** Another process may be migrating a large ledger. */
export const MIGRATION_LOCK_TIMEOUT_MS = 120_000;
/** One statement of a migration, on a large ledger; a server that says nothing for longer is given up. */
export const MIGRATION_ANSWER_TIMEOUT_MS = 30 * 60_000;
/** A migration's session that is cut off, with locks in its hands, loses them. */
export const MIGRATION_IDLE_TIMEOUT_MS = 60_000;
/** What the driver says when no answer came in time, and what the server says when it ended the statement. */
const NO_ANSWER = /Query read timeout|canceling statement due to statement timeout/;
const MIGRATION_LOCK = 'keyledger migrations';
const APPLICATION_NAME = 'keyledger-migrate';
const INSUFFICIENT_PRIVILEGE = '42501';
const DUPLICATES: ReadonlySet<string> = new Set(['42710', '23505']);

/** The database can't be brought to what the product needs. One line: what is wrong, what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export type MigrationClass = new () => MigrationInterface;

/**
 * Brings the database to what these migrations make of it, as the URL's user, one process at a time. Creates the role
 * `keyledger_runtime` (no login) and schema `ledger` first. Safe to call again, and by many at once.
 *
 * @throws {MigrationError} the database is not UTF-8, its user may not create or take the role, or no answer came.
 * @returns the names of the migrations that were run.
 */
export async function migrate(
  url: string,
  migrations: readonly MigrationClass[],
  answerTimeoutMs = MIGRATION_ANSWER_TIMEOUT_MS,
): Promise<readonly string[]> {
  const options = {
    url,
    applicationName: APPLICATION_NAME,
    // In the server too: it would go on with what was given up, and hold its locks.
    statementTimeoutMs: answerTimeoutMs,
    answerTimeoutMs,
    idleInTransactionTimeoutMs: MIGRATION_IDLE_TIMEOUT_MS,
  } as const;
  const client = new pg.Client({
    ...connectionConfig({ ...options, lockTimeoutMs: MIGRATION_LOCK_TIMEOUT_MS }),
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [MIGRATION_LOCK]);
    await refuseOtherEncodings(client);
    await createRuntimeRole(client);
    await client.query('CREATE SCHEMA IF NOT EXISTS ledger');
    await client.query(`GRANT USAGE ON SCHEMA ledger TO ${RUNTIME_ROLE}`);
    const source = createDataSource({ ...options, connectionsMax: 2 }, migrations);
    await source.initialize();
    try {
      const done = await source.runMigrations({ transaction: 'each' });
      return done.map(({ name }) => name);
    } finally {
      await source.destroy();
    }
  } catch (error) {
    if (!(error instanceof Error) || !NO_ANSWER.test(error.message)) throw error;
    throw new MigrationError(
      `the database gave no answer to a migration within ${String(answerTimeoutMs / 1_000)} s: see what it is waiting ` +
        'for (pg_stat_activity), and start the migrations again',
      { cause: error },
    );
  } finally {
    await client.end();
  }
}

/** TypeORM on our connections: never synchronizes, runs migrations only when asked. */
export function createDataSource(
  options: PoolOptions,
  migrations: readonly MigrationClass[] = [],
): DataSource {
  const { connectionString, ...extra } = connectionConfig(options);
  return new DataSource({
    type: 'postgres',
    ...(connectionString === undefined ? {} : { url: connectionString }),
    extra,
    schema: 'ledger',
    migrations: [...migrations],
    migrationsTableName: 'migrations',
    synchronize: false,
    migrationsRun: false,
    logging: false,
    logger: new SilentLogger(false),
    installExtensions: false,
    poolErrorHandler: (error: unknown) => {
      if (error instanceof Error) options.onError?.(error);
    },
  });
}

async function refuseOtherEncodings(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding ?? 'unknown';
  if (encoding !== 'UTF8')
    throw new MigrationError(
      `the database is encoded in ${encoding}: create one with ENCODING 'UTF8' TEMPLATE template0`,
    );
}

/** Roles belong to the whole server, so other databases' migrations may be at it in the same moment. */
async function createRuntimeRole(client: pg.Client): Promise<void> {
  try {
    const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [RUNTIME_ROLE]);
    if (known.rowCount === 0) await createRole(client);
    const member = await client.query<{ may: boolean }>(MAY_TAKE_ROLE, [RUNTIME_ROLE]);
    if (member.rows[0]?.may !== true) await client.query(`GRANT ${RUNTIME_ROLE} TO CURRENT_USER`);
  } catch (error) {
    if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new MigrationError(
      `the database's user may not create role ${RUNTIME_ROLE} or take it: let an administrator run ` +
        `"CREATE ROLE ${RUNTIME_ROLE} NOLOGIN" (unless it is there) and "GRANT ${RUNTIME_ROLE} TO" that user`,
    );
  }
}

/** Before PostgreSQL 16 every member may. */
const MAY_TAKE_ROLE = `SELECT pg_has_role(current_user, $1::name,
  CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS may`;

async function createRole(client: pg.Client): Promise<void> {
  try {
    await client.query(`CREATE ROLE ${RUNTIME_ROLE} NOLOGIN`);
  } catch (error) {
    if (!DUPLICATES.has(codeOf(error))) throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

/** TypeORM prints a failed migration by itself; whoever called gets the error. */
class SilentLogger extends AbstractLogger {
  protected override writeLog(): void {
    // Nothing of TypeORM's own is for the terminal.
  }
}
