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
export type { AsOf, ReadOptions, ReadResult, SqlReader } from './read-models.js';
export { ReadModels, STALE_READ_WAIT_MS } from './read-models.js';
export type { AsOfTable } from './as-of.js';
export { LOG_TIMES, parseAsOf, positionOf, rowsAsOf } from './as-of.js';
export type { CursorValue, Page } from './paging.js';
export {
  CURSOR_CHARACTERS_MAX,
  decodeCursor,
  encodeCursor,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  pageOf,
} from './paging.js';
export type { ProjectionsErrorCode } from './projections.errors.js';
export {
  InvalidCursorError,
  LeaseLostError,
  LogMismatchError,
  StaleReadError,
  SwitchRefusedError,
} from './projections.errors.js';
export { projectionsProblems } from './projections.problems.js';
