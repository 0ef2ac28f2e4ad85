import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { BinaryCopy } from './binary-copy.js';
import { COPY_ROWS_MIN } from '../limits.js';
import type { ColumnValue, Row } from '../projection.js';
import type { TableWrites } from './row-fold.js';
import { keyText, textOf } from './row-values.js';
import type { Column, CompiledTable } from './table-schema.js';
import {
  columnList,
  DELETED,
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

/** All that a batch came down to, into tables that are read. */
export async function writeRows(
  client: pg.PoolClient,
  table: CompiledTable,
  build: string,
  writes: TableWrites,
): Promise<void> {
  await changeRows(client, table, build, writes);
  await insertRows(client, qualified(tableName(table.name, build)), table.stored, writes.inserts);
  if (!table.history) return;
  const { history } = writes;
  if (history.length < COPY_ROWS_MIN)
    await insertRows(
      client,
      qualified(historyName(table.name, build)),
      historyColumns(table),
      history.map(({ row, deleted }) => ({ ...row, deleted })),
    );
  else {
    const copy = new BinaryCopy(copyColumns(table));
    for (const { row, deleted } of history) copy.addVersion(row, deleted);
    await copyRows(client, table, build, copy);
  }
}

/** The deletes first: what one row gives up, another may take in the same batch (unique indexes). */
export async function changeRows(
  client: pg.PoolClient,
  table: CompiledTable,
  build: string,
  { deletes, updates }: Pick<TableWrites, 'deletes' | 'updates'>,
): Promise<void> {
  const target = qualified(tableName(table.name, build));
  if (deletes.length > 0)
    await client.query(
      `DELETE FROM ${target} t USING ${given(table.key)} g WHERE ${sameKey(table)}`,
      arrays(table.key, deletes),
    );
  if (updates.length > 0) {
    const set = table.stored.filter((column) => !table.key.includes(column));
    await client.query(
      `UPDATE ${target} t SET ${set.map((column) => `${column.name} = g.${column.name}`).join(', ')} FROM ${given(table.stored)} g WHERE ${sameKey(table)}`,
      arrays(table.stored, updates),
    );
  }
}

export async function insertRows(
  client: pg.PoolClient,
  target: string,
  columns: readonly Column[],
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  if (rows.length < COPY_ROWS_MIN) {
    await client.query(
      `INSERT INTO ${target} (${columnList(columns)}) SELECT * FROM ${given(columns)} g`,
      arrays(columns, rows),
    );
    return;
  }
  const copy = new BinaryCopy(columns);
  for (const row of rows) copy.add(row);
  await send(client, target, columns, copy);
}

/** What a `BinaryCopy` for `copyRows` takes: the version's `deleted` goes by itself. */
export function copyColumns(table: CompiledTable): readonly Column[] {
  return table.history
    ? historyColumns(table).filter(({ name }) => name !== DELETED)
    : table.stored;
}

/** Into the history of a table that has one, else into the table. */
export async function copyRows(
  client: pg.PoolClient,
  table: CompiledTable,
  build: string,
  copy: BinaryCopy,
): Promise<void> {
  await send(
    client,
    qualified((table.history ? historyName : tableName)(table.name, build)),
    table.history ? historyColumns(table) : table.stored,
    copy,
  );
}

async function send(
  client: pg.PoolClient,
  target: string,
  columns: readonly Column[],
  copy: BinaryCopy,
): Promise<void> {
  if (copy.rows === 0) return;
  const stream = client.query(
    copyFrom(`COPY ${target} (${columnList(columns)}) FROM STDIN (FORMAT binary)`),
  );
  const finished = once(stream, 'finish');
  for (const piece of copy.pieces()) stream.write(piece);
  stream.end();
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
