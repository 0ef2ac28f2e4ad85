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
