import type { Position } from '#event-store';
import type { AsOf, SqlReader } from './read-models.js';
import { parsePosition, position } from '#event-store';
import { INSTANT_EXPECTED, instantOf } from '#kernel';
import type { ProjectionTable } from '../projection.js';
import { BORN_POSITION, compileTable, FROM_POSITION, qualified } from '../tables/table-schema.js';

/**
 * The engine's own projection. A read `asOf` a time reads it by itself; one that calls `positionOf` for other times names
 * it in `ReadOptions.projections`.
 */
export const LOG_TIMES = 'log_times';

export const AS_OF_EXPECTED = `a ledger position, or ${INSTANT_EXPECTED}`;

/**
 * An ISO-8601 instant or a position, as `asOf` parameters carry them; `undefined` when the text is neither.
 */
export function parseAsOf(text: string): AsOf | undefined {
  const at = parsePosition(text);
  if (at !== undefined) return { position: at };
  const time = instantOf(text);
  return time === undefined ? undefined : { time };
}

const BEFORE_LATER =
  'SELECT position - 1 AS bound FROM ledger.log_times WHERE recorded_at_max > $1 ORDER BY recorded_at_max LIMIT 1';

/** The same as `positionOf` when an event after that time is there: then it never changes. */
export async function settledPositionOf(
  sql: SqlReader,
  time: string,
): Promise<Position | undefined> {
  const [row] = await sql.rows<{ bound: bigint }>(BEFORE_LATER, [time]);
  return row && position(row.bound);
}

/**
 * The inclusive upper bound for `from_position` at that place in history: for a time, all events before the first one at
 * which the running maximum of `recordedAt` exceeds it. Only to compare with, never to resume from.
 */
export async function positionOf(sql: SqlReader, asOf: AsOf): Promise<Position> {
  if ('position' in asOf) return asOf.position;
  const [row] = await sql.rows<{ bound: bigint }>(
    `SELECT coalesce(
       (${BEFORE_LATER}),
       (SELECT max(resume_position) FROM ledger.checkpoints WHERE name = $2),
       0) AS bound`,
    [asOf.time, LOG_TIMES],
  );
  return position(row?.bound ?? 0n);
}

export interface AsOfTable {
  readonly name: string;
  readonly table: ProjectionTable;
  /** Columns that a row keeps from its first version on, beside its key: what the list is scoped and ordered by. */
  readonly immutable?: readonly string[];
}

/**
 * SQL for the rows of a table as of a position, to stand after `FROM` with an alias; without a position, the view itself.
 * Each row is its newest version at or before the position, found by one index probe; filters and orders on the key and
 * on `immutable` columns use the indexes of the table.
 *
 * @param at the parameter that holds the position, such as `$3`; `undefined`: now.
 */
export function rowsAsOf(
  { name, table, immutable = [] }: AsOfTable,
  at: string | undefined,
): string {
  const compiled = compileTable(name, table);
  if (at === undefined) return qualified(name);
  if (!compiled.history) throw new TypeError(`table ${name} keeps no history`);
  const history = qualified(`${name}_history`);
  const fixed = new Set([...compiled.key.map((column) => column.name), ...immutable]);
  const columns = [...compiled.columns.map((column) => column.name), FROM_POSITION].map(
    (column) => `${fixed.has(column) ? 'born' : 'version'}.${column}`,
  );
  const sameKey = compiled.key.map((column) => `probe.${column.name} = born.${column.name}`);
  return `(SELECT ${columns.join(', ')} FROM ${history} born CROSS JOIN LATERAL (SELECT * FROM ${history} probe WHERE ${sameKey.join(' AND ')} AND probe.${FROM_POSITION} <= ${at} ORDER BY probe.${FROM_POSITION} DESC LIMIT 1) version WHERE born.${FROM_POSITION} = born.${BORN_POSITION} AND born.${FROM_POSITION} <= ${at} AND version.${BORN_POSITION} = born.${BORN_POSITION} AND NOT version.deleted AND NOT born.deleted)`;
}

export interface PlacedRows {
  /** SQL, as `rowsAsOf` makes it. */
  readonly rows: string;
  /** What stands for its parameter; empty for the rows of now, which have none. */
  readonly values: readonly Position[];
}

/**
 * The rows of a table at the place in history that a read asks for.
 *
 * @param asOf absent: now.
 * @param parameter the last one of the query, such as `$3`: `values` come after all others.
 */
export async function rowsAt(
  sql: SqlReader,
  table: AsOfTable,
  asOf: AsOf | undefined,
  parameter: string,
): Promise<PlacedRows> {
  return asOf === undefined
    ? { rows: rowsAsOf(table, undefined), values: [] }
    : { rows: rowsAsOf(table, parameter), values: [await positionOf(sql, asOf)] };
}
