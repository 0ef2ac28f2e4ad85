import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource, createPool, migrate, RUNTIME_ROLE } from '#platform/postgres';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { messagingMigrations } from '../index.js';
import { commandReceiptsContract } from '../testing/index.js';
import { PostgresCommandReceipts } from './postgres-command-receipts.js';

async function open(): Promise<{ readonly database: TestDatabase; readonly source: DataSource }> {
  const database = await testDatabase();
  await migrate(database.url, messagingMigrations);
  const source = createDataSource({
    url: database.url,
    role: RUNTIME_ROLE,
    applicationName: 'receipts',
  });
  await source.initialize();
  return { database, source };
}

commandReceiptsContract('PostgreSQL', async () => {
  const { database, source } = await open();
  return {
    receipts: new PostgresCommandReceipts(source),
    async close() {
      await source.destroy();
      await database.drop();
    },
  };
});

describe('command receipts in PostgreSQL', () => {
  let database: TestDatabase;
  let source: DataSource;
  let admin: Pool;
  beforeAll(async () => {
    ({ database, source } = await open());
    admin = createPool({ url: database.adminUrl, applicationName: 'test' });
  });
  afterAll(async () => {
    await admin.end();
    await source.destroy();
    await database.drop();
  });

  const someWaitForALock = async () => {
    const { rows } = await admin.query<object>(
      `SELECT 1 FROM pg_stat_activity
       WHERE application_name = 'receipts' AND wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return rows.length > 0;
  };

  it('see a beginning that was committed while they waited for it', async () => {
    const commandId = randomUUID();
    const other = await admin.connect();
    try {
      await other.query('BEGIN');
      await other.query('INSERT INTO ledger.command_receipts VALUES ($1, $2, now())', [
        commandId,
        'theirs',
      ]);
      const ours = new PostgresCommandReceipts(source).begin(commandId, 'ours', new Date());
      // Bounded by the statement time-out of the one that waits.
      while (!(await someWaitForALock()));
      await other.query('COMMIT');
      await expect(ours).resolves.toEqual({ requestHash: 'theirs' });
    } finally {
      other.release();
    }
  });
});
