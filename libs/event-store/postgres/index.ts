export type { PostgresEventStoreOptions } from './postgres-event-store.js';
export { PostgresEventStore } from './postgres-event-store.js';
export { UnfitServerError } from './connection.js';
export { eventStoreMigrations } from './migrations.js';
