import type { EventStore, Ledger } from '#event-store';
import { findLedger, LEDGER_STREAM, openLedger } from '#event-store';
import { EventStoreDBEventStore } from '#event-store/eventstoredb';
import { PostgresEventStore } from '#event-store/postgres';
import type { Clock } from '#kernel';
import type { Config } from '#platform/config';
import { createDataSource, migrate, RUNTIME_ROLE } from '#platform/postgres';
import type { DataSource } from 'typeorm';
import { migrationsFor } from './catalogue.js';
import { assertOwnLog } from './own-log.js';
import { SystemClock } from './system-clock.js';

/** How long a new ledger looks for what others left in the store before it; more than that is not worth a warning. */
export const EARLIER_EVENTS_LOOK_MS = 1_000;

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

export interface FoundationsAsTheyAre extends Omit<Foundations, 'ledger'> {
  readonly ledger: Ledger | undefined;
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

/**
 * Opens the log (writing its first event when it is new) and the database, in the runtime role.
 *
 * @throws {LogMismatchError} the store holds another log than the one that the database was filled from; nothing was written.
 */
export function openFoundations(options: FoundationOptions): Promise<Foundations> {
  return open(options, (eventStore, clock) =>
    openOwnLedger(eventStore, clock, options.earlierEvents),
  );
}

/** As `openFoundations`, but nothing is written: an empty log stays empty, and has no ledger. */
export function openFoundationsAsTheyAre(
  options: FoundationOptions,
): Promise<FoundationsAsTheyAre> {
  return open(options, (eventStore) => findLedger(eventStore));
}

async function open<L extends Ledger | undefined>(
  options: FoundationOptions,
  ledgerOf: (eventStore: EventStore, clock: Clock) => Promise<L>,
): Promise<FoundationsAsTheyAre & { readonly ledger: L }> {
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
    await assertOwnLog(dataSource, eventStore);
    const ledger = await ledgerOf(eventStore, clock);
    if (ledger) eventStore.keepTo?.(ledger.logId);
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
  const known = await findLedger(eventStore);
  if (known) return known;
  const others = await hasEvents(eventStore);
  const ledger = await openLedger(eventStore, { clock, acceptEarlierEvents: true });
  if (others) earlierEvents?.();
  return ledger;
}

async function hasEvents(eventStore: EventStore): Promise<boolean> {
  const signal = AbortSignal.timeout(EARLIER_EVENTS_LOOK_MS);
  try {
    for await (const { streamId } of eventStore.readAll({ maxCount: 1, signal }))
      return streamId !== LEDGER_STREAM;
    return false;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

async function openEventStore({
  config,
  databaseUrl,
  processName,
  warn,
}: FoundationOptions): Promise<EventStore> {
  if (config.eventStore.kind === 'eventstoredb')
    return new EventStoreDBEventStore({
      ...config.eventStore,
      warn: (what, error) => {
        warn(new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`));
      },
    });
  const store = new PostgresEventStore({ url: databaseUrl, applicationName: processName, warn });
  try {
    await store.verify();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
