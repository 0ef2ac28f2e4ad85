export type {
  ColumnType,
  ColumnValue,
  Process,
  Projection,
  ProjectionTable,
  Row,
  RowChange,
  TableIndex,
} from './projection.js';
export type { AsOf, ReadOptions, ReadPlace, ReadResult, SqlReader } from './read-models.js';
export { ReadModels, STALE_READ_WAIT_MS } from './read-models.js';
export { PostgresReadModels } from './postgres-read-models.js';
export { sameText } from './table-schema.js';
export type { AsOfTable, PlacedRows } from './as-of.js';
export { AS_OF_EXPECTED, LOG_TIMES, parseAsOf, positionOf, rowsAsOf, rowsAt } from './as-of.js';
export type { CursorShape, CursorValue, Page } from './paging.js';
export {
  CURSOR_CHARACTERS_MAX,
  CURSOR_INT8_MAX,
  decodeCursor,
  encodeCursor,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  cursorsOf,
  pageOf,
} from './paging.js';
export type { ProjectionsErrorCode } from './projections.errors.js';
export {
  InvalidCursorError,
  LeaseLostError,
  AsOfInFutureError,
  RebuildFailedError,
  StaleReadError,
  SwitchRefusedError,
} from './projections.errors.js';
export { projectionsProblems } from './projections.problems.js';
export { projectionsMigrations } from './migrations/index.js';
export type { RunnerPoolOptions } from './runner-pool.js';
export { createRunnerPool } from './runner-pool.js';
export type { RunnerLog, RunnerOptions } from './runner.js';
export type { ProjectionRunnerOptions } from './projection-runner.js';
export { ProcessRunner, ProjectionRunner } from './projection-runner.js';
export type { BuildProgress } from './projection-builds.js';
export { ProjectionBuilds } from './projection-builds.js';
export type { TableComparison, Verification } from './projection-verification.js';
export type { ConsumerState, ConsumerStatus } from './status.js';
export { failureText } from './status.js';
export type { ProjectionWatchOptions } from './projection-watch.js';
export { ProjectionWatch } from './projection-watch.js';
export { EventReaders } from './event-readers.js';
export {
  BATCH_EVENTS_MAX,
  LEASE_MS,
  PROCESS_ATTEMPTS_MAX,
  READER_GONE_AFTER_MS,
  READER_HEARTBEAT_INTERVAL_MS,
  UNATTENDED_RED_AFTER_MS,
} from './limits.js';
