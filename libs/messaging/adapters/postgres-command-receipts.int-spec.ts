import { createDataSource, migrate, RUNTIME_ROLE } from '#platform/postgres';
import { testDatabase } from '#test/postgres';
import { messagingMigrations } from '../index.js';
import { commandReceiptsContract } from '../testing/index.js';
import { PostgresCommandReceipts } from './postgres-command-receipts.js';

commandReceiptsContract('PostgreSQL', async () => {
  const database = await testDatabase();
  await migrate(database.url, messagingMigrations);
  const source = createDataSource({
    url: database.url,
    role: RUNTIME_ROLE,
    applicationName: 'test',
  });
  await source.initialize();
  return {
    receipts: new PostgresCommandReceipts(source),
    async close() {
      await source.destroy();
      await database.drop();
    },
  };
});
