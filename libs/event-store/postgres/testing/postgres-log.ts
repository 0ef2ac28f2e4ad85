import pg from 'pg';
import { migrate } from '#platform/postgres';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import type { LogUnderTest } from '../../testing/index.js';
import { eventStoreMigrations, PostgresEventStore } from '../index.js';

/** A log in a database of its own. */
export interface PostgresLog extends LogUnderTest {
  readonly database: TestDatabase;
  openStore(): PostgresEventStore;
}

export async function postgresLog(): Promise<PostgresLog> {
  const database = await testDatabase();
  await migrate(database.url, eventStoreMigrations);
  return {
    database,
    openStore: () => new PostgresEventStore({ url: database.url }),
    end: () => database.drop(),
  };
}

/** One connection for the length of `work`. */
export async function connectedTo<T>(
  options: pg.ClientConfig | string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(options);
  // Tests cut connections.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Ends every other session of the database. */
export async function terminateSessions({ adminUrl }: TestDatabase): Promise<void> {
  await connectedTo(adminUrl, (client) =>
    client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    ),
  );
}
