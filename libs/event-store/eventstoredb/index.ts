export type { ConnectionSettings, Host } from './connection-settings.js';
export {
  ConnectionStringError,
  describeConnection,
  parseConnectionString,
} from './connection-settings.js';
export type { EventStoreDBOptions } from './eventstoredb-event-store.js';
export { EventStoreDBEventStore } from './eventstoredb-event-store.js';
export { StreamTombstonedError } from './failures.js';
export { LEDGER_NAME } from './stream-names.js';
