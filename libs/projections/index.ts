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
export type {
  AsOf,
  ReadOptions,
  ReadPatience,
  ReadPlace,
  ReadResult,
  SqlReader,
} from './reading/read-models.js';
export { ReadModels, STALE_READ_WAIT_MS } from './reading/read-models.js';
export { PostgresReadModels } from './reading/postgres-read-models.js';
export { sameText } from './tables/table-schema.js';
export type { AsOfTable, PlacedRows } from './reading/as-of.js';
export {
  AS_OF_EXPECTED,
  LOG_TIMES,
  parseAsOf,
  positionOf,
  rowsAsOf,
  rowsAt,
} from './reading/as-of.js';
export type { CursorShape, CursorValue, Page } from './reading/paging.js';
export {
  CURSOR_CHARACTERS_MAX,
  CURSOR_INT8_MAX,
  decodeCursor,
  encodeCursor,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  cursorsOf,
  pageOf,
} from './reading/paging.js';
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
export type { RunnerPoolOptions } from './checkpoints/runner-pool.js';
export { createRunnerPool } from './checkpoints/runner-pool.js';
export type { RunnerLog, RunnerOptions } from './running/runner.js';
export type { ProjectionRunnerOptions } from './running/projection-runner.js';
export { ProcessRunner, ProjectionRunner } from './running/projection-runner.js';
export type { BuildProgress } from './builds/projection-builds.js';
export { ProjectionBuilds } from './builds/projection-builds.js';
export type { TableComparison, Verification } from './builds/projection-verification.js';
export type { ConsumerState, ConsumerStatus } from './checkpoints/status.js';
export { failureText } from './checkpoints/status.js';
export type { ProjectionWatchOptions } from './running/projection-watch.js';
export { ProjectionWatch } from './running/projection-watch.js';
export { EventReaders } from './running/event-readers.js';
export {
  BATCH_EVENTS_MAX,
  LEASE_MS,
  PROCESS_ATTEMPTS_MAX,
  READER_GONE_AFTER_MS,
  READER_HEARTBEAT_INTERVAL_MS,
  UNATTENDED_RED_AFTER_MS,
} from './limits.js';
