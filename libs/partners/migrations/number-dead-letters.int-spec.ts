import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { networkId } from '#kernel';
import { createDataSource, migrate } from '#platform/postgres';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { PostgresDeadLetters } from '../adapters/postgres-dead-letters.js';
import {
  CreateDeadLetters1763800000500,
  NumberDeadLettersByNetwork1790000500000,
} from './create-dead-letters.migration.js';

let database: TestDatabase;
let source: DataSource;

beforeAll(async () => {
  database = await testDatabase();
  await migrate(database.url, [CreateDeadLetters1763800000500]);
  source = createDataSource({ url: database.url, applicationName: 'spec', connectionsMax: 2 });
  await source.initialize();
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

it('numbers the letters that are there within their network, in their order, and goes on from there', async () => {
  for (const [index, network] of [7, 8, 7, 8, 8].entries())
    await source.query(
      `INSERT INTO ledger.dead_letters (network_id, credential_id, kind, pointer, reason, shape, pepper_id,
         digest, bytes, first_received_at, last_received_at)
       VALUES ($1, $2, 'created', '', 'required', '{}', 'p', $3, 1, now(), now())`,
      [network, randomUUID(), `old ${String(index)}`],
    );
  await migrate(database.url, [
    CreateDeadLetters1763800000500,
    NumberDeadLettersByNetwork1790000500000,
  ]);
  await new PostgresDeadLetters(source).keep({
    networkId: networkId(7),
    credentialId: randomUUID(),
    kind: 'created',
    partnerId: null,
    pointer: '',
    reason: 'required',
    shape: {},
    digest: 'new',
    pepperId: 'p',
    bytes: 1,
    receivedAt: '2026-02-01T00:00:00.000Z',
  });
  const rows = await source.query<{ network: string; digests: string[] }[]>(
    `SELECT network_id::text AS network, array_agg(number || ' ' || digest ORDER BY number) AS digests
     FROM ledger.dead_letters GROUP BY network_id ORDER BY network_id`,
  );
  expect(rows).toEqual([
    { network: '7', digests: ['1 old 0', '2 old 2', '3 new'] },
    { network: '8', digests: ['1 old 1', '2 old 3', '3 old 4'] },
  ]);
});
