import pg from 'pg';
import { testDatabase } from '#test/postgres';
import { eventStoreContract } from '../testing/index.js';
import type { PostgresLog } from './testing/postgres-log.js';
import { postgresLog, terminateSessions } from './testing/postgres-log.js';

eventStoreContract('postgres', {
  openLog: postgresLog,
  freshLogs: true,
  logInThisProcess: false,
  breakConnections: (log) => terminateSessions((log as PostgresLog).database),
  async holdForeignWrite() {
    const database = await testDatabase();
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('BEGIN');
    await client.query('CREATE TABLE written (n integer)');
    await client.query('INSERT INTO written VALUES (1)');
    return async () => {
      await client.query('ROLLBACK');
      await client.end();
      await database.drop();
    };
  },
});
