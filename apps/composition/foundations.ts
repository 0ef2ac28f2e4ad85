import type { EventStore, Ledger } from '#event-store';
import { LogMismatchError, openLedger } from '#event-store';
import { EventStoreDBEventStore } from '#event-store/eventstoredb';
import { PostgresEventStore } from '#event-store/postgres';
import type { Clock } from '#kernel';
import type { Config } from '#platform/config';
import { createDataSource, migrate, RUNTIME_ROLE } from '#platform/postgres';
import type { DataSource } from 'typeorm';
import { migrationsFor } from './catalogue.js';
import { SystemClock } from './system-clock.js';

/** What every process stands on: the log, the database beside it, and the time. */
export interface Foundations {
  readonly config: Config;
  /** Holds a password: never log it. */
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly eventStore: EventStore;
  readonly dataSource: DataSource;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

export interface FoundationOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  /** Stands in `pg_stat_activity` and in `recordedBy`. */
  readonly processName: string;
  readonly warn: (error: Error) => void;
  /** The log holds events of others from before it became this ledger's: they are never read. */
  readonly earlierEvents?: () => void;
  readonly clock?: Clock;
}

export async function migrateDatabase(
  config: Config,
  databaseUrl: string,
): Promise<readonly string[]> {
  return migrate(databaseUrl, migrationsFor(config.eventStore.kind));
}

/** Opens the log (writing its first event when it is new) and the database, in the runtime role. */
export async function openFoundations(options: FoundationOptions): Promise<Foundations> {
  const { config, databaseUrl, processName, warn } = options;
  const clock = options.clock ?? new SystemClock();
  const eventStore = await openEventStore(options);
  const dataSource = createDataSource({
    url: databaseUrl,
    role: RUNTIME_ROLE,
    applicationName: processName,
    onError: warn,
  });
  try {
    await dataSource.initialize();
    const ledger = await openOwnLedger(eventStore, clock, options.earlierEvents);
    return {
      config,
      databaseUrl,
      clock,
      eventStore,
      dataSource,
      ledger,
      close: async () => {
        await eventStore.close();
        if (dataSource.isInitialized) await dataSource.destroy();
      },
    };
  } catch (error) {
    await eventStore.close();
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  }
}

/** A store that others have used before us is taken, with a word about it: our log begins with our first event. */
async function openOwnLedger(
  eventStore: EventStore,
  clock: Clock,
  earlierEvents: FoundationOptions['earlierEvents'],
): Promise<Ledger> {
  try {
    return await openLedger(eventStore, { clock });
  } catch (error) {
    if (!(error instanceof LogMismatchError)) throw error;
    const ledger = await openLedger(eventStore, { clock, acceptEarlierEvents: true });
    earlierEvents?.();
    return ledger;
  }
}

async function openEventStore({
  config,
  databaseUrl,
  processName,
  warn,
}: FoundationOptions): Promise<EventStore> {
  if (config.eventStore.kind === 'eventstoredb')
    return new EventStoreDBEventStore({ connectionString: config.eventStore.connectionString });
  const store = new PostgresEventStore({ url: databaseUrl, applicationName: processName, warn });
  try {
    await store.verify();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
