import type { ColumnType, Projection, ProjectionTable, Row, TableIndex } from '../projection.js';

/** Schema of projection tables and of the views that show the serving ones. */
export const READ_SCHEMA = 'read';
export const IDENTIFIER_CHARACTERS_MAX = 63;

/** The position of the event that made this version of the row. */
export const FROM_POSITION = 'from_position';
/** In tables with history: the position at which the row appeared (again, after it was deleted). */
export const BORN_POSITION = 'born_position';

/** In histories: whether the event deleted the row. The last column. */
export const DELETED = 'deleted';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export interface CompiledTable {
  readonly name: string;
  readonly key: readonly Column[];
  /** No text in the key: its values never hold a space. */
  readonly plainKey: boolean;
  /** As declared, without those of the engine. */
  readonly columns: readonly Column[];
  /** Those of the engine included, in the order of the table. */
  readonly stored: readonly Column[];
  /** By name: all but the key's. */
  readonly columnsToUpdate: ReadonlyMap<string, Column>;
  /** Nothing in any column: the shape of all rows in memory. */
  readonly emptyRow: Row;
  readonly emptyRowColumns: number;
  readonly indexes: readonly TableIndex[];
  readonly history: boolean;
  readonly grows: boolean;
  readonly keyInOrder: boolean;
}

const NAME = /^[a-z][a-z0-9_]*$/;
const PLAIN: ReadonlySet<ColumnType> = new Set([
  'bigint',
  'boolean',
  'integer',
  'timestamptz',
  'uuid',
]);
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
  const { history = false, grows = false, keyInOrder = false, indexes = [] } = table;
  if (history && grows) throw new TypeError(`table ${name} only grows: it has no history`);
  if (!grows && (keyInOrder || indexes.some(({ inOrder }) => inOrder)))
    throw new TypeError(`table ${name} does not grow in order: its rows change`);
  for (const index of indexes) assertHashable(name, index, columns, grows);
  const stored = [
    ...columns,
    { name: FROM_POSITION, ...POSITION_COLUMN },
    ...(history ? [{ name: BORN_POSITION, ...POSITION_COLUMN }] : []),
  ];
  return {
    name,
    key,
    plainKey: key.every(({ type }) => PLAIN.has(type)),
    columns,
    stored,
    columnsToUpdate: new Map(
      columns.filter((column) => !key.includes(column)).map((column) => [column.name, column]),
    ),
    emptyRow: emptyRow(stored),
    emptyRowColumns: stored.length,
    indexes,
    history,
    grows,
    keyInOrder,
  };
}

function assertHashable(
  name: string,
  { columns: [first], hashed = false, unique = false, method = 'btree' }: TableIndex,
  columns: readonly Column[],
  grows: boolean,
): void {
  if (!hashed) return;
  const isText = columns.some((column) => column.name === first && column.type === 'text');
  if (!grows || unique || method !== 'btree' || !isText)
    throw new TypeError(`an index of ${name} cannot hold a hash of ${String(first)}`);
}

/** Whether a column is that text, by an index that holds a hash of it (`TableIndex.hashed`). SQL expressions. */
export const sameText = (column: string, text: string): string =>
  `hashtext(${column}) = hashtext(${text}) AND ${column} = ${text}`;

/** Parsed: an object made at once, and not property by property, is one that V8 is fast with. */
function emptyRow(columns: readonly Column[]): Row {
  return JSON.parse(
    JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, null]))),
  ) as Row;
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

/** As `columnList`, of values that SQL can compare: `json` has no equality. */
export function comparedList(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => (type === 'json' ? `${name}::jsonb` : name)).join(', ');
}

/**
 * Tables without indexes, but for those whose entries come in order: the others come after the fill (`indexesOf`), or
 * when the first row has to be looked up (`keyIndex`). Until then nobody reads the tables, and nobody has to look after
 * them (`settleTablesSql`).
 */
export function createTablesSql(tables: Iterable<CompiledTable>, build: string): string[] {
  return [...tables].flatMap((table) => [
    ...createTableSql(tableName(table.name, build), table.stored),
    ...(table.history ? createTableSql(historyName(table.name, build), historyColumns(table)) : []),
    ...[
      ...(table.keyInOrder ? [uniqueKey(table, build)] : []),
      ...tableIndexes(table, build, ({ inOrder = false }) => inOrder),
    ].map(createIndexSql),
  ]);
}

function createTableSql(name: string, columns: readonly Column[]): string[] {
  const parts = columns.map(
    (column) => `${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
  );
  const notFiltered = columns.filter(({ type }) => type === 'json' || type === 'jsonb');
  return [
    `CREATE TABLE IF NOT EXISTS ${qualified(name)} (${parts.join(', ')}) WITH (autovacuum_enabled = off)`,
    ...(notFiltered.length === 0
      ? []
      : [
          `ALTER TABLE ${qualified(name)} ${notFiltered.map((column) => `ALTER COLUMN ${column.name} SET STATISTICS 0`).join(', ')}`,
        ]),
  ];
}

/** After the fill: planner and vacuum look after them from here on. Histories are read through their indexes only. */
export function settleTablesSql(tables: Iterable<CompiledTable>, build: string): string[] {
  return [...tables].flatMap((table) => {
    const indexed = new Set([
      ...table.key.map(({ name }) => name),
      ...table.indexes.flatMap(({ columns }) => columns),
      FROM_POSITION,
      BORN_POSITION,
    ]);
    const names = [{ name: tableName(table.name, build), columns: '' }];
    if (table.history)
      names.push({
        name: historyName(table.name, build),
        columns: ` (${[...indexed].join(', ')})`,
      });
    return names.flatMap(({ name, columns }) => [
      `ALTER TABLE ${qualified(name)} RESET (autovacuum_enabled)`,
      `ANALYZE ${qualified(name)}${columns}`,
    ]);
  });
}

/** A deleted version has nothing but its key. */
export function historyColumns(table: CompiledTable): readonly Column[] {
  const inKey = new Set(table.key.map((column) => column.name));
  return [
    ...table.columns.map((column) => ({ ...column, nullable: !inKey.has(column.name) })),
    { name: FROM_POSITION, ...POSITION_COLUMN },
    { name: BORN_POSITION, ...POSITION_COLUMN },
    { name: DELETED, type: 'boolean', nullable: false },
  ];
}

/** An index of one build. */
export interface BuildIndex {
  readonly name: string;
  readonly table: string;
  readonly unique: boolean;
  /** Method, and what it holds of a row. SQL. */
  readonly entry: string;
  readonly where: string | undefined;
}

export function createIndexSql({ name, table, unique, entry, where }: BuildIndex): string {
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${name} ON ${qualified(table)} ${entry}${where === undefined ? '' : ` WHERE ${where}`}`;
}

export function indexesOf(tables: Iterable<CompiledTable>, build: string): BuildIndex[] {
  return [...tables].flatMap((table) => [
    uniqueKey(table, build),
    ...tableIndexes(table, build, () => true),
    ...(table.history ? historyIndexes(table, build) : []),
  ]);
}

function tableIndexes(
  table: CompiledTable,
  build: string,
  wanted: (index: TableIndex) => boolean,
): BuildIndex[] {
  return table.indexes.flatMap((index, number) =>
    wanted(index) ? [buildIndex(index, number, tableName(table.name, build), index.where)] : [],
  );
}

/** By which a fill finds rows: in the history, where a table has one. */
export function keyIndex(table: CompiledTable, build: string): BuildIndex {
  return table.history ? versionsIndex(table, build) : uniqueKey(table, build);
}

function uniqueKey({ name, key }: CompiledTable, build: string): BuildIndex {
  const table = tableName(name, build);
  const entry = `(${columnList(key)})`;
  return { name: identifier(`${table}_key`), table, unique: true, entry, where: undefined };
}

function versionsIndex({ name, key }: CompiledTable, build: string): BuildIndex {
  const table = historyName(name, build);
  const entry = `(${columnList(key)}, ${FROM_POSITION} DESC)`;
  return { name: identifier(`${table}_versions`), table, unique: true, entry, where: undefined };
}

/** After the fill of tables with history, which writes that only: their rows are its newest versions. */
export function fillFromHistorySql(tables: Iterable<CompiledTable>, build: string): string[] {
  return [...tables].flatMap((table) => {
    if (!table.history) return [];
    const target = qualified(tableName(table.name, build));
    const history = qualified(historyName(table.name, build));
    const key = columnList(table.key);
    const sameKey = table.key.map(({ name }) => `newest.${name} = h.${name}`).join(' AND ');
    return [
      `DELETE FROM ${target}`,
      `INSERT INTO ${target} (${columnList(table.stored)})
       SELECT ${table.stored.map(({ name }) => `h.${name}`).join(', ')} FROM ${history} h JOIN (
         SELECT ${key}, max(${FROM_POSITION}) AS at FROM ${history} GROUP BY ${key}) newest
       ON ${sameKey} AND newest.at = h.${FROM_POSITION} WHERE NOT h.${DELETED}`,
    ];
  });
}

/** Columns by which no two rows are the same. */
export interface UniqueRows {
  readonly columns: readonly string[];
  readonly where: string | undefined;
}

export function uniqueRows(table: CompiledTable): UniqueRows[] {
  return [
    { columns: table.key.map(({ name }) => name), where: undefined },
    ...table.indexes
      .filter(({ unique }) => unique)
      .map(({ columns, where }) => ({ columns, where })),
  ];
}

/** `clash`: the position of the first event that made a row which was there already; null when none did. */
export function clashSql(
  table: CompiledTable,
  build: string,
  { columns, where }: UniqueRows,
): string {
  const conditions = [
    ...columns.map((column) => `${column} IS NOT NULL`),
    ...(where === undefined ? [] : [`(${where})`]),
  ];
  return `SELECT min(second) AS clash FROM (
    SELECT (array_agg(${FROM_POSITION} ORDER BY ${FROM_POSITION}))[2] AS second FROM ${qualified(tableName(table.name, build))}
    WHERE ${conditions.join(' AND ')} GROUP BY ${columns.join(', ')} HAVING count(*) > 1) twice`;
}

/** `clash`, of a history: where a row appeared that had not been deleted. */
export function rebornSql(table: CompiledTable, build: string): string {
  const history = qualified(historyName(table.name, build));
  const key = columnList(table.key);
  const sameKey = table.key.map(({ name }) => `before.${name} = born.${name}`).join(' AND ');
  return `SELECT min(born.${FROM_POSITION}) AS clash
    FROM (SELECT ${key} FROM ${history} WHERE ${FROM_POSITION} = ${BORN_POSITION} GROUP BY ${key} HAVING count(*) > 1) twice
    JOIN ${history} born USING (${key})
    CROSS JOIN LATERAL (SELECT ${DELETED} FROM ${history} before WHERE ${sameKey} AND before.${FROM_POSITION} < born.${FROM_POSITION}
      ORDER BY ${FROM_POSITION} DESC LIMIT 1) last
    WHERE born.${FROM_POSITION} = born.${BORN_POSITION} AND NOT born.${DELETED} AND NOT last.${DELETED}`;
}

function historyIndexes(table: CompiledTable, build: string): BuildIndex[] {
  const name = historyName(table.name, build);
  // The list orders again, over the first versions only: what drives a list as of a position.
  const lists = table.indexes.filter(
    (index) => (index.method ?? 'btree') === 'btree' && index.where === undefined,
  );
  return [
    versionsIndex(table, build),
    ...lists.map((index, number) =>
      buildIndex({ columns: index.columns }, number, name, `${FROM_POSITION} = ${BORN_POSITION}`),
    ),
  ];
}

function buildIndex(
  { columns, hashed, unique = false, method = 'btree' }: TableIndex,
  number: number,
  table: string,
  where: string | undefined,
): BuildIndex {
  const held = columns.map(identifier);
  if (hashed) held[0] = `hashtext(${String(held[0])})`;
  const entry = `USING ${method} (${held.join(', ')})`;
  return { name: identifier(`${table}_i${String(number)}`), table, unique, entry, where };
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
