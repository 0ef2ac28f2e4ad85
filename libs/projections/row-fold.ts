import type { Position, RecordedEvent } from '#event-store';
import type { ColumnValue, Projection, Row, RowChange } from './projection.js';
import { keyOf, keyText, normalisedRow, RowShapeError } from './row-values.js';
import type { CompiledTable } from './table-schema.js';
import { BORN_POSITION, FROM_POSITION } from './table-schema.js';

/** What one event does, before any row was looked at. */
export interface EventChanges {
  readonly event: RecordedEvent;
  readonly changes: readonly RowChange[];
}

/** What a batch comes down to in one table. Keys in `inserts` were not there before, those in `updates` and `deletes` were. */
export interface TableWrites {
  readonly inserts: readonly Row[];
  readonly updates: readonly Row[];
  readonly deletes: readonly Row[];
  readonly history: readonly Row[];
  /** What is there afterwards, by `keyText`, of all that was changed. */
  readonly rows: ReadonlyMap<string, Row | undefined>;
}

/** One event could not be applied; all before it could. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
  constructor(
    readonly index: number,
    readonly event: RecordedEvent,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** @throws {ApplyError} naming the first event that `apply` refused. */
export function changesOf(
  projection: Projection,
  events: readonly RecordedEvent[],
): EventChanges[] {
  const handles = handlesType(projection);
  const changes: EventChanges[] = [];
  events.forEach((event, index) => {
    if (!handles(event.type)) return;
    try {
      const made = projection.apply(event);
      if (made.length > 0) changes.push({ event, changes: made });
    } catch (error) {
      throw new ApplyError(index, event, error);
    }
  });
  return changes;
}

export function handlesType(projection: Pick<Projection, 'handles'>): (type: string) => boolean {
  if (projection.handles === '*') return () => true;
  const types = new Set(projection.handles);
  return (type) => types.has(type);
}

/** The rows that must be loaded before a batch is folded: of tables that are changed, not only grown. */
export function keysTouched(
  tables: ReadonlyMap<string, CompiledTable>,
  batch: readonly EventChanges[],
): Map<string, Map<string, Row>> {
  const touched = new Map<string, Map<string, Row>>();
  for (const { changes } of batch)
    for (const change of changes)
      if ('change' in change) {
        const table = tableOf(tables, change.table);
        const key = keyOf(table, change.key);
        const keys = touched.get(change.table) ?? new Map<string, Row>();
        touched.set(change.table, keys.set(keyText(table, key), key));
      }
  return touched;
}

interface Slot {
  readonly key: Row;
  readonly existed: boolean;
  row: Row | undefined;
}

class TableFold {
  readonly #slots = new Map<string, Slot>();
  readonly #grown: Row[] = [];
  readonly #history: Row[] = [];
  /** Of the history's newest entries, by key: two changes of one event make one version. */
  readonly #versions = new Map<string, { readonly from: Position; readonly at: number }>();

  constructor(
    readonly table: CompiledTable,
    loaded: ReadonlyMap<string, Row> | undefined,
    keys: ReadonlyMap<string, Row> | undefined,
  ) {
    for (const [text, key] of keys ?? []) {
      const row = loaded?.get(text);
      this.#slots.set(text, { key, existed: row !== undefined, row });
    }
  }

  insert(row: Row, at: Position): void {
    const { table } = this;
    const key = keyOf(table, row);
    const next = this.#stored(normalisedRow(table, key, row), at, undefined);
    const text = keyText(table, key);
    const slot = this.#slots.get(text);
    if (slot?.row) throw new RowShapeError(`table ${table.name} has a row ${text} already`);
    if (slot) slot.row = next;
    else this.#grown.push(next);
    this.#version(text, key, next, undefined, at);
  }

  change(
    given: Row,
    change: (before: Row | undefined) => Row | null | undefined,
    at: Position,
  ): void {
    const { table } = this;
    const key = keyOf(table, given);
    const text = keyText(table, key);
    const slot = this.#slots.get(text) ?? { key, existed: false, row: undefined };
    const before = slot.row;
    const after = change(before);
    if (after === undefined || (after === null && !before)) return;
    slot.row =
      after === null ? undefined : this.#stored(normalisedRow(table, key, after), at, before);
    this.#slots.set(text, slot);
    this.#version(text, key, slot.row, before, at);
  }

  writes(): TableWrites {
    const inserts = this.#grown;
    const updates: Row[] = [];
    const deletes: Row[] = [];
    const rows = new Map<string, Row | undefined>();
    for (const [text, { existed, row, key }] of this.#slots) {
      rows.set(text, row);
      if (row && !existed) inserts.push(row);
      else if (row) updates.push(row);
      else if (existed) deletes.push(key);
    }
    return { inserts, updates, deletes, history: this.#history, rows };
  }

  #stored(row: Record<string, ColumnValue>, at: Position, before: Row | undefined): Row {
    row[FROM_POSITION] = at;
    if (this.table.history) row[BORN_POSITION] = before?.[BORN_POSITION] ?? at;
    return row;
  }

  #version(
    text: string,
    key: Row,
    row: Row | undefined,
    before: Row | undefined,
    at: Position,
  ): void {
    if (!this.table.history) return;
    const version: Row = row
      ? { ...row, deleted: false }
      : {
          ...key,
          [FROM_POSITION]: at,
          [BORN_POSITION]: before?.[BORN_POSITION] ?? at,
          deleted: true,
        };
    const last = this.#versions.get(text);
    if (last?.from === at) this.#history[last.at] = version;
    else this.#versions.set(text, { from: at, at: this.#history.push(version) - 1 });
  }
}

/**
 * Applies a batch to the rows that it touches, in order, in memory. Pure: the same rows and events give the same writes.
 *
 * @param loaded by table and `keyText`: the rows of `keysTouched` that are there.
 * @throws {ApplyError} naming the event whose change failed.
 */
export function foldBatch(
  tables: ReadonlyMap<string, CompiledTable>,
  batch: readonly EventChanges[],
  loaded: ReadonlyMap<string, ReadonlyMap<string, Row>>,
  touched: ReadonlyMap<string, ReadonlyMap<string, Row>> = keysTouched(tables, batch),
): Map<string, TableWrites> {
  const folds = new Map<string, TableFold>();
  const foldOf = (name: string): TableFold => {
    const found = folds.get(name);
    if (found) return found;
    const fold = new TableFold(tableOf(tables, name), loaded.get(name), touched.get(name));
    folds.set(name, fold);
    return fold;
  };
  batch.forEach(({ event, changes }, index) => {
    try {
      for (const change of changes)
        if ('change' in change)
          foldOf(change.table).change(change.key, change.change, event.position);
        else foldOf(change.table).insert(change.insert, event.position);
    } catch (error) {
      throw new ApplyError(index, event, error);
    }
  });
  return new Map([...folds].map(([name, fold]) => [name, fold.writes()]));
}

function tableOf(tables: ReadonlyMap<string, CompiledTable>, name: string): CompiledTable {
  const table = tables.get(name);
  if (!table) throw new RowShapeError(`the projection has no table ${name}`);
  return table;
}
