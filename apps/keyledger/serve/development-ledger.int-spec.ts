import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogMismatchError } from '#event-store';
import { EventStoreDbDouble } from '#event-store/testing/double';
import type { Config } from '#platform/config';
import { readConfig } from '#platform/config';
import { createRunnerPool, ProjectionRunner } from '#projections';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { eventCatalogue, projections } from '../../composition/catalogue.js';
import { migrateDatabase, openFoundations } from '../../composition/foundations.js';
import { SystemClock } from '../../composition/system-clock.js';
import { LEDGER_FILE, withDevelopmentLedger } from './development-ledger.js';

const FILLED_TIMEOUT_MS = 60_000;

describe('a start with development users on an EventStoreDB', () => {
  let double: EventStoreDbDouble;
  let databases: TestDatabase[];
  let folders: string[];
  beforeEach(async () => {
    double = await EventStoreDbDouble.start();
    databases = await Promise.all([testDatabase(), testDatabase()]);
    folders = await Promise.all(
      databases.map(() => mkdtemp(path.join(tmpdir(), 'development-ledger-'))),
    );
  });
  afterEach(async () => {
    await double.stop();
    await Promise.all(databases.map((database) => database.drop()));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  });

  const configOf = (installation: number, ledger?: string): Config =>
    readConfig(
      {
        KEYLEDGER_DATA_DIR: folders[installation] ?? '',
        KEYLEDGER_EVENTSTORE: double.connectionString,
        ...(ledger === undefined ? {} : { KEYLEDGER_EVENTSTORE_LEDGER: ledger }),
      },
      '/',
    );
  const urlOf = (installation: number): string => databases[installation]?.url ?? '';

  /** Chooses, opens, and fills the database from the log. */
  const start = async (installation: number, ledger?: string) => {
    const told: string[] = [];
    const databaseUrl = urlOf(installation);
    await migrateDatabase(configOf(installation), databaseUrl);
    const config = await withDevelopmentLedger(
      configOf(installation, ledger),
      databaseUrl,
      (line) => told.push(line),
    );
    const foundations = await openFoundations({
      config,
      databaseUrl,
      processName: 'test',
      warn: () => undefined,
    });
    const pool = createRunnerPool({ connectionString: databaseUrl });
    const runner = new ProjectionRunner(
      {
        store: foundations.eventStore,
        catalogue: eventCatalogue,
        clock: new SystemClock(),
        pool,
      },
      projections,
    );
    runner.start();
    try {
      const deadline = Date.now() + FILLED_TIMEOUT_MS;
      for (;;) {
        const { rowCount } = await pool.query(
          'SELECT FROM ledger.checkpoints WHERE log_id IS NOT NULL',
        );
        if ((rowCount ?? 0) > 0) break;
        if (Date.now() > deadline) throw new Error('the database was not filled');
        await delay(20);
      }
    } finally {
      await runner.stop();
      await pool.end();
      await foundations.close();
    }
    const { eventStore } = config;
    return { told, ledger: eventStore.kind === 'eventstoredb' ? eventStore.ledger : undefined };
  };

  it('takes the ledger without a name when it is free, and one of its own beside that of another installation', async () => {
    expect(await start(0)).toEqual({ told: [], ledger: undefined });
    const second = await start(1);
    expect(second.ledger).toMatch(/^dev[0-9a-f]{8}$/);
    expect(second.told.join()).toContain(`named ${second.ledger ?? '?'}`);
    expect(await start(0)).toEqual({ told: [], ledger: undefined });
    expect(await start(1)).toEqual({ told: [], ledger: second.ledger });
  });

  it('says that the name is missing when it was left out, and takes no new ledger for a database that has one', async () => {
    await start(0);
    await start(1, 'acme');
    const nameless = start(1);
    await expect(nameless).rejects.toBeInstanceOf(LogMismatchError);
    await expect(nameless).rejects.toThrow('KEYLEDGER_EVENTSTORE_LEDGER');
    const remembered = await readFile(path.join(folders[1] ?? '', LEDGER_FILE), 'utf8');
    expect(JSON.parse(remembered)).toEqual({ ledger: null });
    expect((await start(1, 'acme')).ledger).toBe('acme');
  });
});
