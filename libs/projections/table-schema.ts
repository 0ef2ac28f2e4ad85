import type { ColumnType, Projection, ProjectionTable, TableIndex } from './projection.js';

/** Schema of projection tables and of the views that show the serving ones. */
export const READ_SCHEMA = 'read';
export const IDENTIFIER_CHARACTERS_MAX = 63;

/** The position of the event that made this version of the row. */
export const FROM_POSITION = 'from_position';
/** In tables with history: the position at which the row appeared (again, after it was deleted). */
export const BORN_POSITION = 'born_position';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export interface CompiledTable {
  readonly name: string;
  readonly key: readonly Column[];
  /** As declared, without those of the engine. */
  readonly columns: readonly Column[];
  /** Those of the engine included, in the order of the table. */
  readonly stored: readonly Column[];
  readonly indexes: readonly TableIndex[];
  readonly history: boolean;
}

const NAME = /^[a-z][a-z0-9_]*$/;
const POSITION_COLUMN = { type: 'bigint', nullable: false } as const;

/** @throws {TypeError} for a declaration that PostgreSQL or the engine could not hold. */
export function compileTables(projection: Projection): ReadonlyMap<string, CompiledTable> {
  identifier(projection.name);
  return new Map(
    Object.entries(projection.tables).map(([name, table]) => [name, compileTable(name, table)]),
  );
}

export function compileTable(name: string, table: ProjectionTable): CompiledTable {
  identifier(`${name}_history`);
  const columns = Object.entries(table.columns).map(([column, declared]): Column => {
    identifier(column);
    if (column === FROM_POSITION || column === BORN_POSITION)
      throw new TypeError(`column ${column} of ${name} belongs to the engine`);
    const [type, nullable] = declared.split(' ');
    return { name: column, type: type as ColumnType, nullable: nullable === 'null' };
  });
  const key = table.key.map((column) => {
    const found = columns.find((one) => one.name === column);
    if (!found || found.nullable)
      throw new TypeError(`key column ${column} of ${name} is missing or nullable`);
    return found;
  });
  if (key.length === 0) throw new TypeError(`table ${name} has no key`);
  const history = table.history ?? false;
  return {
    name,
    key,
    columns,
    stored: [
      ...columns,
      { name: FROM_POSITION, ...POSITION_COLUMN },
      ...(history ? [{ name: BORN_POSITION, ...POSITION_COLUMN }] : []),
    ],
    indexes: table.indexes ?? [],
    history,
  };
}

/** `v<version>`, and `v<version>_<purpose>` for a second set of the same version. */
export function buildName(version: number, purpose?: string): string {
  return purpose === undefined ? `v${String(version)}` : `v${String(version)}_${purpose}`;
}

export function tableName(table: string, build: string): string {
  return identifier(`${table}_${build}`);
}

export function historyName(table: string, build: string): string {
  return identifier(`${table}_history_${build}`);
}

export function qualified(name: string): string {
  return `${READ_SCHEMA}.${identifier(name)}`;
}

export function columnList(columns: readonly Column[]): string {
  return columns.map((column) => column.name).join(', ');
}

/**
 * Tables with their keys; other indexes come after the fill (`createIndexesSql`). Until then nobody reads them, and
 * nobody has to look after them (`settleTablesSql`).
 */
export function createTablesSql(tables: Iterable<CompiledTable>, build: string): string[] {
  return [...tables].flatMap((table) => [
    ...createTableSql(tableName(table.name, build), table.stored, table.key),
    ...(table.history
      ? [
          ...createTableSql(historyName(table.name, build), historyColumns(table)),
          versionsIndexSql(table, build),
        ]
      : []),
  ]);
}

function createTableSql(
  name: string,
  columns: readonly Column[],
  key: readonly Column[] = [],
): string[] {
  const parts = columns.map(
    (column) => `${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
  );
  if (key.length > 0) parts.push(`PRIMARY KEY (${columnList(key)})`);
  const notFiltered = columns.filter((column) => column.type === 'jsonb');
  return [
    `CREATE TABLE IF NOT EXISTS ${qualified(name)} (${parts.join(', ')}) WITH (autovacuum_enabled = off)`,
    ...(notFiltered.length === 0
      ? []
      : [
          `ALTER TABLE ${qualified(name)} ${notFiltered.map((column) => `ALTER COLUMN ${column.name} SET STATISTICS 0`).join(', ')}`,
        ]),
  ];
}

/** After the fill: planner and vacuum look after them from here on. */
export function settleTablesSql(tables: Iterable<CompiledTable>, build: string): string[] {
  return [...tables].flatMap((table) =>
    [tableName(table.name, build), ...(table.history ? [historyName(table.name, build)] : [])]
      .map(qualified)
      .flatMap((name) => [`ALTER TABLE ${name} RESET (autovacuum_enabled)`, `ANALYZE ${name}`]),
  );
}

/** A deleted version has nothing but its key. */
export function historyColumns(table: CompiledTable): readonly Column[] {
  const inKey = new Set(table.key.map((column) => column.name));
  return [
    ...table.columns.map((column) => ({ ...column, nullable: !inKey.has(column.name) })),
    { name: FROM_POSITION, ...POSITION_COLUMN },
    { name: BORN_POSITION, ...POSITION_COLUMN },
    { name: 'deleted', type: 'boolean', nullable: false },
  ];
}

export function createIndexesSql(tables: Iterable<CompiledTable>, build: string): string[] {
  return [...tables].flatMap((table) => [
    ...table.indexes.map((index, number) =>
      indexSql(index, number, tableName(table.name, build), index.where),
    ),
    ...(table.history ? historyIndexesSql(table, build) : []),
  ]);
}

/** There from the start: a fill looks up in the history what a row is. */
function versionsIndexSql(table: CompiledTable, build: string): string {
  const name = historyName(table.name, build);
  return `CREATE UNIQUE INDEX IF NOT EXISTS ${identifier(`${name}_versions`)} ON ${qualified(name)} (${columnList(table.key)}, ${FROM_POSITION} DESC)`;
}

/** After the fill of tables with history, which writes that only: their rows are its newest versions. */
export function fillFromHistorySql(tables: Iterable<CompiledTable>, build: string): string[] {
  return [...tables].flatMap((table) => {
    if (!table.history) return [];
    const target = qualified(tableName(table.name, build));
    const history = qualified(historyName(table.name, build));
    const sameKey = table.key.map(({ name }) => `later.${name} = h.${name}`).join(' AND ');
    return [
      `DELETE FROM ${target}`,
      `INSERT INTO ${target} (${columnList(table.stored)})
       SELECT ${columnList(table.stored)} FROM ${history} h WHERE NOT deleted AND NOT EXISTS (
         SELECT FROM ${history} later WHERE ${sameKey} AND later.${FROM_POSITION} > h.${FROM_POSITION})`,
    ];
  });
}

function historyIndexesSql(table: CompiledTable, build: string): string[] {
  const name = historyName(table.name, build);
  // The list orders again, over the first versions only: what drives a list as of a position.
  const lists = table.indexes.filter(
    (index) => (index.method ?? 'btree') === 'btree' && index.where === undefined,
  );
  return [
    versionsIndexSql(table, build),
    ...lists.map((index, number) =>
      indexSql({ columns: index.columns }, number, name, `${FROM_POSITION} = ${BORN_POSITION}`),
    ),
  ];
}

function indexSql(
  index: TableIndex,
  number: number,
  table: string,
  where: string | undefined,
): string {
  index.columns.forEach(identifier);
  return `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${identifier(`${table}_i${String(number)}`)} ON ${qualified(table)} USING ${index.method ?? 'btree'} (${index.columns.join(', ')})${where === undefined ? '' : ` WHERE ${where}`}`;
}

export function dropTablesSql(tables: Iterable<string>, build: string): string[] {
  return [...tables].flatMap((table) => [
    `DROP TABLE IF EXISTS ${qualified(tableName(table, build))}`,
    `DROP TABLE IF EXISTS ${qualified(historyName(table, build))}`,
  ]);
}

function identifier(name: string): string {
  if (!NAME.test(name) || name.length > IDENTIFIER_CHARACTERS_MAX)
    throw new TypeError(
      `not a name for a table or column (snake_case, ${String(IDENTIFIER_CHARACTERS_MAX)} characters): ${name}`,
    );
  return name;
}
