import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COPY_ROWS_MIN } from './limits.js';
import type { ColumnValue, Row } from './projection.js';
import type { TableWrites } from './row-fold.js';
import { copyText, keyText, textOf } from './row-values.js';
import type { Column, CompiledTable } from './table-schema.js';
import {
  columnList,
  FROM_POSITION,
  historyColumns,
  historyName,
  qualified,
  tableName,
} from './table-schema.js';

/** The rows with these keys, by `keyText`: one statement, whatever their number. */
export async function loadRows(
  client: pg.PoolClient,
  table: CompiledTable,
  build: string,
  keys: ReadonlyMap<string, Row>,
): Promise<Map<string, Row>> {
  const loaded = table.stored.filter((column) => column.type !== 'tsvector');
  const { rows } = await client.query<Record<string, ColumnValue>>(
    `SELECT ${loaded.map((column) => `t.${column.name}`).join(', ')} FROM ${given(table.key)} g JOIN ${qualified(tableName(table.name, build))} t USING (${columnList(table.key)})`,
    arrays(table.key, [...keys.values()]),
  );
  return new Map(rows.map((row) => [keyText(table, row), row]));
}

/** As `loadRows`, while a fill writes the history only. */
export async function loadNewestVersions(
  client: pg.PoolClient,
  table: CompiledTable,
  build: string,
  keys: ReadonlyMap<string, Row>,
): Promise<Map<string, Row>> {
  const loaded = table.stored.filter((column) => column.type !== 'tsvector');
  const key = table.key.map(({ name }) => `h.${name} = g.${name}`).join(' AND ');
  const { rows } = await client.query<Record<string, ColumnValue>>(
    `SELECT ${loaded.map(({ name }) => `v.${name}`).join(', ')} FROM ${given(table.key)} g CROSS JOIN LATERAL (
       SELECT ${columnList(loaded)}, deleted FROM ${qualified(historyName(table.name, build))} h
       WHERE ${key} ORDER BY ${FROM_POSITION} DESC LIMIT 1) v WHERE NOT v.deleted`,
    arrays(table.key, [...keys.values()]),
  );
  return new Map(rows.map((row) => [keyText(table, row), row]));
}

/** The versions alone. */
export async function writeHistory(
  client: pg.PoolClient,
  table: CompiledTable,
  build: string,
  writes: Pick<TableWrites, 'history'>,
): Promise<void> {
  await insertRows(
    client,
    qualified(historyName(table.name, build)),
    historyColumns(table),
    writes.history,
    true,
  );
}

export async function writeRows(
  client: pg.PoolClient,
  table: CompiledTable,
  build: string,
  writes: TableWrites,
): Promise<void> {
  const target = qualified(tableName(table.name, build));
  // Deletes first: what one row gives up, another may take in the same batch (unique indexes).
  if (writes.deletes.length > 0)
    await client.query(
      `DELETE FROM ${target} t USING ${given(table.key)} g WHERE ${sameKey(table)}`,
      arrays(table.key, writes.deletes),
    );
  if (writes.updates.length > 0) {
    const set = table.stored.filter((column) => !table.key.includes(column));
    await client.query(
      `UPDATE ${target} t SET ${set.map((column) => `${column.name} = g.${column.name}`).join(', ')} FROM ${given(table.stored)} g WHERE ${sameKey(table)}`,
      arrays(table.stored, writes.updates),
    );
  }
  await insertRows(client, target, table.stored, writes.inserts);
  if (table.history) await writeHistory(client, table, build, writes);
}

export async function insertRows(
  client: pg.PoolClient,
  target: string,
  columns: readonly Column[],
  rows: readonly Row[],
  liveOn = false,
): Promise<void> {
  if (rows.length === 0) return;
  if (rows.length < COPY_ROWS_MIN)
    await client.query(
      `INSERT INTO ${target} (${columnList(columns)}) SELECT * FROM ${given(columns)} g`,
      arrays(columns, rows),
    );
  else
    await copyRows(
      client,
      `COPY ${target} (${columnList(columns)}) FROM STDIN`,
      copyText(columns, rows, liveOn),
    );
}

async function copyRows(client: pg.PoolClient, statement: string, text: string): Promise<void> {
  const stream = client.query(copyFrom(statement));
  const finished = once(stream, 'finish');
  stream.end(text);
  await finished;
}

/** Parameters as arrays of text, cast in the statement: the same text form as `COPY` takes. */
function given(columns: readonly Column[]): string {
  const texts = columns.map((_, number) => `$${String(number + 1)}::text[]`).join(', ');
  const names = columns.map((_, number) => `c${String(number)}`).join(', ');
  const casts = columns.map(
    (column, number) => `c${String(number)}::${column.type} AS ${column.name}`,
  );
  return `(SELECT ${casts.join(', ')} FROM unnest(${texts}) AS u (${names}))`;
}

function arrays(columns: readonly Column[], rows: readonly Row[]): (string | null)[][] {
  return columns.map((column) => rows.map((row) => textOf(column, row[column.name] ?? null)));
}

function sameKey(table: CompiledTable): string {
  return table.key.map((column) => `t.${column.name} = g.${column.name}`).join(' AND ');
}
