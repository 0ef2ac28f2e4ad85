import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore } from '#event-store';
import { LogMismatchError, openLedger } from '#event-store';
import { EventStoreDBEventStore } from '#event-store/eventstoredb';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import { EventStoreDbDouble } from '#event-store/testing/double';
import { readConfig } from '#platform/config';
import { createRunnerPool, ProjectionRunner } from '#projections';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { eventCatalogue, projections } from '../../../apps/composition/catalogue.js';
import { migrateDatabase, openFoundations } from '../../../apps/composition/foundations.js';
import { SystemClock } from '../../../apps/composition/system-clock.js';

const CAUGHT_UP_TIMEOUT_MS = 60_000;

/** What a store may hold that test suites or another product used before. */
async function usedByOthers(store: EventStore): Promise<void> {
  for (const streamId of ['order-1', 'order-2'])
    await store.append(
      streamId,
      'noStream',
      ['OrderPlaced', 'KeyIssued'].map((type) => ({
        id: randomUUID(),
        type,
        data: '{"not":"ours"}',
        metadata: '{}',
      })),
    );
}

describe('a log with events of others from before it became a ledger', () => {
  let database: TestDatabase;
  const config = (more: Readonly<Record<string, string>> = {}) =>
    readConfig({ KEYLEDGER_DATA_DIR: '/nowhere', ...more }, '/');

  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(() => database.drop());

  const catchUp = async (store: EventStore) => {
    const pool = createRunnerPool({ connectionString: database.url });
    const runner = new ProjectionRunner(
      { store, catalogue: eventCatalogue, clock: new SystemClock(), pool },
      projections,
    );
    runner.start();
    try {
      const deadline = Date.now() + CAUGHT_UP_TIMEOUT_MS;
      for (;;) {
        const statuses = await runner.status();
        // In the first moment nobody runs them yet, which is a problem for an operator only.
        if (statuses.some(({ state }) => state === 'failed'))
          throw new Error((await runner.problems()).join('\n'));
        if (statuses.every(({ state, lag }) => state === 'running' && lag.events === 0)) break;
        if (Date.now() > deadline) throw new Error(JSON.stringify(statuses.map((s) => s.state)));
        await delay(20);
      }
    } finally {
      await runner.stop();
    }
    const seen = await pool.query<{ seen: bigint }>(
      'SELECT DISTINCT events_seen AS seen FROM ledger.checkpoints',
    );
    await pool.end();
    return seen.rows.map((row) => row.seen);
  };

  it('is taken when asked to, and projections see none of them', async () => {
    const store = new MemoryEventStore(new MemoryLog());
    await usedByOthers(store);
    await expect(openLedger(store, { clock: new SystemClock() })).rejects.toThrow(LogMismatchError);
    await openLedger(store, { clock: new SystemClock(), acceptEarlierEvents: true });
    await migrateDatabase(config(), database.url);
    // The log's own first event, and nothing else.
    expect(await catchUp(store)).toEqual([1n]);
    await store.close();
  });

  it('is taken by the product with a warning, on an EventStoreDB', async () => {
    const double = await EventStoreDbDouble.start();
    const before = new EventStoreDBEventStore({ connectionString: double.connectionString });
    await usedByOthers(before);
    await before.close();
    const configured = config({ KEYLEDGER_EVENTSTORE: double.connectionString });
    await migrateDatabase(configured, database.url);
    const open = async () => {
      const warnings: string[] = [];
      const foundations = await openFoundations({
        config: configured,
        databaseUrl: database.url,
        processName: 'keyledger test',
        warn: () => undefined,
        earlierEvents: () => warnings.push('earlier events'),
      });
      return { foundations, warnings };
    };
    const first = await open();
    try {
      expect(first.warnings).toEqual(['earlier events']);
      expect(await catchUp(first.foundations.eventStore)).toEqual([1n]);
      const again = await open();
      // Told once, when the ledger was opened.
      expect(again.warnings).toEqual([]);
      expect(again.foundations.ledger).toEqual(first.foundations.ledger);
      await again.foundations.close();
    } finally {
      await first.foundations.close();
      await double.stop();
    }
  });
});
