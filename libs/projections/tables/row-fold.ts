import type { Position, RecordedEvent } from '#event-store';
import type { ColumnValue, Projection, Row, RowChange } from '../projection.js';
import { keyOf, keyText, normalisedRow, RowShapeError, updatedRow } from './row-values.js';
import type { CompiledTable } from './table-schema.js';
import { BORN_POSITION, FROM_POSITION } from './table-schema.js';

/** One change of one event, with the key of the row that it is about. */
export interface Step {
  readonly event: RecordedEvent;
  readonly table: CompiledTable;
  readonly key: Row;
  /** `keyText` of it; empty for tables that only grow. */
  readonly text: string;
  readonly change: RowChange;
}

/** A row as an event left it; a deleted one has its key and positions only. */
export interface Version {
  readonly row: Row;
  readonly deleted: boolean;
}

/** What a batch comes down to in one table. Keys in `inserts` were not there before, those in `updates` and `deletes` were. */
export interface TableWrites {
  readonly inserts: readonly Row[];
  readonly updates: readonly Row[];
  readonly deletes: readonly Row[];
  readonly history: readonly Version[];
  /** What is there afterwards, by `keyText`, of all that was changed. */
  readonly rows: ReadonlyMap<string, Row | undefined>;
}

/** One event could not be applied; all before it could. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
  constructor(
    readonly event: RecordedEvent,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** @throws {ApplyError} naming the first event that `apply` refused. */
export function stepsOf(
  projection: Projection,
  tables: ReadonlyMap<string, CompiledTable>,
  handles: (type: string) => boolean,
  events: readonly RecordedEvent[],
): Step[] {
  const steps: Step[] = [];
  for (const event of events) {
    if (!handles(event.type)) continue;
    try {
      for (const change of projection.apply(event)) {
        const table = tableOf(tables, change.table);
        const inserts = 'insert' in change;
        if (table.grows && !inserts) throw onlyGrows(table);
        const key = keyOf(table, inserts ? change.insert : change.key);
        steps.push({ event, table, key, text: table.grows ? '' : keyText(table, key), change });
      }
    } catch (error) {
      throw new ApplyError(event, error);
    }
  }
  return steps;
}

export function handlesType(projection: Pick<Projection, 'handles'>): (type: string) => boolean {
  if (projection.handles === '*') return () => true;
  const types = new Set(projection.handles);
  return (type) => types.has(type);
}

/** The rows that must be known before a batch is folded, by table and `keyText`: those that it changes and did not make. */
export function keysTouched(steps: readonly Step[]): Map<CompiledTable, Map<string, Row>> {
  const touched = new Map<CompiledTable, Map<string, Row>>();
  const made = new Map<CompiledTable, Set<string>>();
  for (const { table, key, text, change } of steps) {
    if (table.grows) continue;
    if ('insert' in change) {
      const texts = made.get(table);
      if (texts) texts.add(text);
      else made.set(table, new Set([text]));
    } else if (!made.get(table)?.has(text)) {
      const keys = touched.get(table);
      if (keys) keys.set(text, key);
      else touched.set(table, new Map([[text, key]]));
    }
  }
  return touched;
}

type RowUpdate = Extract<RowChange, { readonly update: unknown }>;

interface Slot {
  readonly key: Row;
  readonly existed: boolean;
  row: Row | undefined;
}

class TableFold {
  readonly #slots = new Map<string, Slot>();
  readonly #grown: Row[] = [];
  readonly #history: Version[] = [];
  /** Of the history's newest entries, by key: two changes of one event make one version. */
  readonly #versions = new Map<string, { readonly from: Position; readonly at: number }>();

  constructor(
    readonly table: CompiledTable,
    readonly lookUp: LookUp,
  ) {}

  insert({ key, text }: Step, row: Row, at: Position): void {
    const { table } = this;
    const next = newRow(table, key, row, at);
    if (table.grows) {
      // The key's index says what is there twice.
      this.#grown.push(next);
      return;
    }
    const slot = this.#slots.get(text);
    if (slot ? slot.row : this.lookUp(table, text)) throw rowThereAlready(table, text);
    if (slot) slot.row = next;
    else this.#slots.set(text, { key, existed: false, row: next });
    this.#version(text, key, next, undefined, at);
  }

  change(
    { key, text }: Step,
    change: (before: Row | undefined) => Row | null | undefined,
    at: Position,
  ): void {
    const { table } = this;
    const slot = this.#slot(key, text);
    const before = slot.row;
    const after = change(before);
    if (after === undefined || (after === null && !before)) return;
    slot.row = after === null ? undefined : changedRow(table, key, after, before, at);
    this.#version(text, key, slot.row, before, at);
  }

  update({ key, text }: Step, { update }: RowUpdate, at: Position): void {
    const slot = this.#slot(key, text);
    const before = slot.row;
    if (!before) throw rowMissing(this.table, text);
    slot.row = rowUpdated(this.table, before, update(before), at);
    this.#version(text, key, slot.row, before, at);
  }

  #slot(key: Row, text: string): Slot {
    const known = this.#slots.get(text);
    if (known) return known;
    const row = this.lookUp(this.table, text);
    const slot = { key, existed: row !== undefined, row };
    this.#slots.set(text, slot);
    return slot;
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

  #version(
    text: string,
    key: Row,
    row: Row | undefined,
    before: Row | undefined,
    at: Position,
  ): void {
    if (!this.table.history) return;
    const version = row
      ? { row, deleted: false }
      : { row: deletedRow(this.table, key, before, at), deleted: true };
    const last = this.#versions.get(text);
    if (last?.from === at) {
      stayedBorn(version, this.#history[last.at]);
      this.#history[last.at] = version;
    } else this.#versions.set(text, { from: at, at: this.#history.push(version) - 1 });
  }
}

/** As it is stored after an event at that position. */
export function newRow(table: CompiledTable, key: Row, given: Row, at: Position): Row {
  return storedRow(table, normalisedRow(table, key, given), at, undefined);
}

export function changedRow(
  table: CompiledTable,
  key: Row,
  given: Row,
  before: Row | undefined,
  at: Position,
): Row {
  return storedRow(table, normalisedRow(table, key, given, before), at, before);
}

export function rowUpdated(table: CompiledTable, before: Row, changed: Row, at: Position): Row {
  return storedRow(table, updatedRow(table, before, changed), at, before);
}

/** Its key and positions only. */
export function deletedRow(
  table: CompiledTable,
  key: Row,
  before: Row | undefined,
  at: Position,
): Row {
  return {
    ...table.emptyRow,
    ...key,
    [FROM_POSITION]: at,
    [BORN_POSITION]: before?.[BORN_POSITION] ?? at,
  };
}

/**
 * A row that one event deletes and makes again was never away: no moment is without it.
 *
 * @param version is changed.
 * @param earlier of the same row, made by the same event.
 */
export function stayedBorn(version: Version, earlier: Version | undefined): void {
  if (version.deleted || !earlier?.deleted) return;
  (version.row as Record<string, ColumnValue>)[BORN_POSITION] = earlier.row[BORN_POSITION] ?? null;
}

function storedRow(
  table: CompiledTable,
  row: Record<string, ColumnValue>,
  at: Position,
  before: Row | undefined,
): Row {
  row[FROM_POSITION] = at;
  if (table.history) row[BORN_POSITION] = before?.[BORN_POSITION] ?? at;
  return row;
}

export function rowThereAlready(table: CompiledTable, text: string): RowShapeError {
  return new RowShapeError(`table ${table.name} has a row ${text} already`);
}

export function rowMissing(table: CompiledTable, text: string): RowShapeError {
  return new RowShapeError(`table ${table.name} has no row ${text}`);
}

export function onlyGrows(table: CompiledTable): RowShapeError {
  return new RowShapeError(`table ${table.name} only grows: no row of it is changed`);
}

/** The row that was there before the batch. */
export type LookUp = (table: CompiledTable, text: string) => Row | undefined;

/**
 * Applies a batch to the rows that it touches, in order, in memory. Pure: the same rows and steps give the same writes.
 *
 * @param lookUp knows at least the rows of `keysTouched`.
 * @throws {ApplyError} naming the event whose change failed.
 */
export function foldSteps(steps: readonly Step[], lookUp: LookUp): Map<CompiledTable, TableWrites> {
  const folds = new Map<CompiledTable, TableFold>();
  for (const step of steps) {
    const { table, change, event } = step;
    let fold = folds.get(table);
    if (!fold) folds.set(table, (fold = new TableFold(table, lookUp)));
    try {
      if ('change' in change) fold.change(step, change.change, event.position);
      else if ('update' in change) fold.update(step, change, event.position);
      else fold.insert(step, change.insert, event.position);
    } catch (error) {
      throw new ApplyError(event, error);
    }
  }
  return new Map([...folds].map(([table, fold]) => [table, fold.writes()]));
}

/** @throws {RowShapeError} */
export function tableOf(tables: ReadonlyMap<string, CompiledTable>, name: string): CompiledTable {
  return tables.get(name) ?? noTable(name);
}

/** @throws {RowShapeError} */
export function noTable(name: string): never {
  throw new RowShapeError(`the projection has no table ${name}`);
}
