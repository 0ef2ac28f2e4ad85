import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** As the owner, who is no superuser: migrations run as it. */
  readonly url: string;
  /** The same database as the server's superuser. */
  readonly adminUrl: string;
  drop(): Promise<void>;
}

export const TEST_CONNECT_TIMEOUT_MS = 20_000;

/** A fresh, empty database on this run's PostgreSQL, which the first caller starts. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = await testServer();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(server.adminUrl, `CREATE DATABASE ${name} OWNER keyledger`);
  return {
    url: withDatabase(server.url, name),
    adminUrl: withDatabase(server.adminUrl, name),
    drop: () => asAdmin(server.adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function testServer(): Promise<{ readonly url: string; readonly adminUrl: string }> {
  const broker = process.env['KEYLEDGER_TEST_POSTGRES'];
  if (broker === undefined) throw new Error('no test server: is globalSetup in jest.config.mjs?');
  const response = await fetch(broker);
  if (!response.ok) throw new Error(`the test server did not start: ${await response.text()}`);
  return (await response.json()) as { url: string; adminUrl: string };
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TEST_CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
