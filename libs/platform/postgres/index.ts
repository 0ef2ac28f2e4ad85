export { MICROSECONDS_PER_MS, POSTGRES_EPOCH_MS, UUID_PLACES } from './binary-format.js';
export type { PoolOptions } from './pool.js';
export {
  connectionConfig,
  createPool,
  IDLE_IN_TRANSACTION_TIMEOUT_MS_DEFAULT,
  POOL_CONNECTIONS_MAX_DEFAULT,
  RUNTIME_ROLE,
  STATEMENT_TIMEOUT_MS_DEFAULT,
} from './pool.js';
export type { MigrationClass } from './migrate.js';
export { createDataSource, migrate, MigrationError } from './migrate.js';
export type { ThrowAwayDatabase } from './throw-away.js';
export { createThrowAwayDatabase } from './throw-away.js';
export { typeParsers } from './type-parsers.js';
