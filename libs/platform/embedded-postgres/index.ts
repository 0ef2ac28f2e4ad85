export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres.js';
export { discardEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
export { EmbeddedPostgresError, FolderInUseError } from './embedded-postgres.errors.js';
