import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { FixedClock } from '#kernel/testing';
import { createDataSource, migrate, RUNTIME_ROLE } from '#platform/postgres';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { openSealingKeys } from '../open-sealing-keys.js';
import { sealingMigrations } from '../sealing.migrations.js';
import { memorySealing } from '../testing/index.js';
import { PostgresSealingKeyRegistry } from './postgres-sealing-key-registry.js';
import { PostgresSubjectKeys } from './postgres-subject-keys.js';
import { SubjectPersonalData } from './subject-personal-data.js';

describe('sealing on PostgreSQL, as the runtime role', () => {
  let database: TestDatabase;
  let source: DataSource;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealing-'));
    database = await testDatabase();
    await migrate(database.url, sealingMigrations);
    source = createDataSource({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'sealing-test',
    });
    await source.initialize();
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('registers the first root keys of two processes that start at once, and no others ever', async () => {
    const registry = () => new PostgresSealingKeyRegistry(source);
    const open = (name: string, isEmpty: boolean) =>
      openSealingKeys({ kind: 'file', path: join(folder, name) }, registry(), () =>
        Promise.resolve(isEmpty),
      );
    const states = await Promise.all([open('one', true), open('two', true)]);
    expect(states.map(({ state }) => state.status).sort()).toEqual(['missing', 'present']);
    expect(await registry().ids()).toHaveLength(2);
    expect((await open('three', false)).state.status).toBe('missing');
    await expect(source.query('DELETE FROM ledger.sealing_keys')).rejects.toThrow(/permission/);
    await expect(source.query("UPDATE ledger.sealing_keys SET id = 'x'")).rejects.toThrow(
      /permission/,
    );
  });

  it('keeps one key a subject, also for two processes at once, and forgets it for all', async () => {
    const { wrapper, clock } = memorySealing(new FixedClock());
    const personalData = () =>
      new SubjectPersonalData(wrapper, new PostgresSubjectKeys(source), clock);
    const subject = `https://idp#${randomUUID()}`;
    const [one, two] = await Promise.all([
      personalData().seal(subject, 'one'),
      personalData().seal(subject, 'two'),
    ]);
    expect(await personalData().open(subject, one)).toBe('one');
    expect(await personalData().open(subject, two)).toBe('two');
    await personalData().erase(subject);
    expect(await personalData().open(subject, one)).toBeUndefined();
  });
});
