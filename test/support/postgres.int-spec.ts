import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';

describe('the test database', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await testDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const show = async (setting: string) => {
    const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [
      setting,
    ]);
    return rows[0]?.value;
  };

  it('is durable: the event store refuses anything less', async () => {
    expect([
      await show('fsync'),
      await show('full_page_writes'),
      await show('synchronous_commit'),
    ]).toEqual(['on', 'on', 'on']);
  });

  it('is UTF-8 and sorts by code points, whatever the locale of the machine', async () => {
    expect(await show('server_encoding')).toBe('UTF8');
    const { rows } = await client.query<{ text: string }>(
      "SELECT text FROM unnest(ARRAY['b', 'Z', 'ä', 'a']) AS text ORDER BY text",
    );
    expect(rows.map((row) => row.text)).toEqual(['Z', 'a', 'b', 'ä']);
  });

  it('is owned by a role that is no superuser', async () => {
    expect(await show('is_superuser')).toBe('off');
    await client.query('CREATE SCHEMA anything');
  });
});
