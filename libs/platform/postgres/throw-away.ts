import pg from 'pg';
import { MigrationError } from './migrate.js';
import { connectionConfig } from './pool.js';

const APPLICATION_NAME = 'keyledger-throw-away';
/** Creating a database copies a template, and dropping one waits for its sessions to end. */
const STATEMENT_TIMEOUT_MS = 60_000;
const INSUFFICIENT_PRIVILEGE = '42501';
const NAME = /^[a-z0-9_]{1,63}$/;

export interface ThrowAwayDatabase {
  /** Holds a password: never log it. */
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * A database beside the one that the URL names, for what shall leave nothing behind.
 *
 * @throws {MigrationError} the URL's user may not create databases.
 */
export async function createThrowAwayDatabase(
  url: string,
  name: string,
): Promise<ThrowAwayDatabase> {
  if (!NAME.test(name)) throw new TypeError(`not the name of a throw-away database: ${name}`);
  await execute(url, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    url: own.href,
    drop: () => execute(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client(
    connectionConfig({
      url,
      applicationName: APPLICATION_NAME,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    }),
  );
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(statement);
  } catch (error) {
    if ((error as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new MigrationError(
      "DATABASE_URL's user may not create databases: give it CREATEDB, or leave DATABASE_URL out for an embedded server",
    );
  } finally {
    await client.end();
  }
}
