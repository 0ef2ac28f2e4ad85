import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findLedger } from '#event-store';
import { EventStoreDBEventStore, LEDGER_NAME } from '#event-store/eventstoredb';
import type { Config } from '#platform/config';
import { ConfigError } from '#platform/config';
import { makeFolder } from '#platform/folders';
import { createDataSource, RUNTIME_ROLE } from '#platform/postgres';
import { isFilled } from '../../composition/own-log.js';

/** Below the data folder: which ledger of the event store is this installation's. */
export const LEDGER_FILE = 'eventstore-ledger.json';
const NAME_BYTES = 4;

/**
 * A start with development identities never serves the ledger of another installation: those people are not its
 * users, and it has none of their secrets. So on an EventStoreDB that holds one, it keeps a ledger of its own beside it.
 *
 * @returns the configuration with that ledger's name; unchanged when the server's own ledger is free or this one's.
 */
export async function withDevelopmentLedger(
  config: Config,
  databaseUrl: string,
  tell: (line: string) => void,
): Promise<Config> {
  const { eventStore } = config;
  if (eventStore.kind !== 'eventstoredb' || eventStore.ledger !== undefined) return config;
  const file = path.join(config.dataDir, LEDGER_FILE);
  let ledger = remembered(file);
  if (ledger === undefined) {
    ledger = (await isFreeOrDecided(eventStore.connectionString, databaseUrl))
      ? null
      : `dev${randomBytes(NAME_BYTES).toString('hex')}`;
    makeFolder(config.dataDir, 0o700);
    writeFileSync(file, `${JSON.stringify({ ledger })}\n`, { mode: 0o600 });
    if (ledger !== null)
      tell(
        `the event store holds the ledger of another installation: this one keeps its own beside it, named ${ledger}`,
      );
  }
  return ledger === null ? config : { ...config, eventStore: { ...eventStore, ledger } };
}

/** `null`: the ledger without a name; `undefined`: not decided yet. */
function remembered(file: string): string | null | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { ledger } = JSON.parse(text) as { readonly ledger?: unknown };
    if (ledger === null || (typeof ledger === 'string' && LEDGER_NAME.test(ledger))) return ledger;
  } catch {
    // Told below.
  }
  throw new ConfigError([
    `${file}: names no ledger; restore it, or set KEYLEDGER_EVENTSTORE_LEDGER to the name of this installation's`,
  ]);
}

/** A database that was filled from a log belongs to that one; where it is another, the start says so. */
async function isFreeOrDecided(connectionString: string, databaseUrl: string): Promise<boolean> {
  const store = new EventStoreDBEventStore({ connectionString });
  const dataSource = createDataSource({
    url: databaseUrl,
    role: RUNTIME_ROLE,
    applicationName: 'keyledger serve',
    connectionsMax: 1,
  });
  try {
    const ledger = await findLedger(store);
    if (!ledger) return true;
    await dataSource.initialize();
    return await isFilled(dataSource);
  } finally {
    await store.close();
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}
