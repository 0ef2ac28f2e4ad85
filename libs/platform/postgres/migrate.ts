import pg from 'pg';
import type { MigrationInterface } from 'typeorm';
import { DataSource } from 'typeorm';
import { connectionConfig, RUNTIME_ROLE } from './pool.js';
import type { PoolOptions } from './pool.js';

/** Another process may be migrating a large ledger. */
export const MIGRATION_LOCK_TIMEOUT_MS = 120_000;
const MIGRATION_LOCK = 'keyledger migrations';
const APPLICATION_NAME = 'keyledger-migrate';
const DUPLICATES: ReadonlySet<string> = new Set(['42710', '23505']);

export type MigrationClass = new () => MigrationInterface;

/**
 * Brings the database to what these migrations make of it, as the URL's user, one process at a time. Creates the role
 * `keyledger_runtime` (no login) and schema `ledger` first. Safe to call again, and by many at once.
 *
 * @returns the names of the migrations that were run.
 */
export async function migrate(
  url: string,
  migrations: readonly MigrationClass[],
): Promise<readonly string[]> {
  const options = {
    url,
    applicationName: APPLICATION_NAME,
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
  } as const;
  const client = new pg.Client({
    ...connectionConfig({ ...options, lockTimeoutMs: MIGRATION_LOCK_TIMEOUT_MS }),
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [MIGRATION_LOCK]);
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
    installExtensions: false,
    poolErrorHandler: (error: unknown) => {
      if (error instanceof Error) options.onError?.(error);
    },
  });
}

/** Roles belong to the whole server, so other databases' migrations may be at it in the same moment. */
async function createRuntimeRole(client: pg.Client): Promise<void> {
  const known = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [RUNTIME_ROLE]);
  if (known.rowCount === 0)
    try {
      await client.query(`CREATE ROLE ${RUNTIME_ROLE} NOLOGIN`);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && DUPLICATES.has(error.code ?? ''))) throw error;
    }
  const member = await client.query<{ may: boolean }>(
    "SELECT pg_has_role(current_user, $1, 'SET') AS may",
    [RUNTIME_ROLE],
  );
  if (member.rows[0]?.may !== true) await client.query(`GRANT ${RUNTIME_ROLE} TO CURRENT_USER`);
}
