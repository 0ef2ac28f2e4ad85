import type { Position, RecordedEvent } from '#event-store';
import type { BinaryCopy } from './binary-copy.js';
import type { FillMemory } from './fill-memory.js';
import type { Projection, Row, RowChange } from './projection.js';
import type { Step, TableWrites } from './row-fold.js';
import {
  ApplyError,
  changedRow,
  deletedRow,
  foldSteps,
  newRow,
  onlyGrows,
  rowMissing,
  rowThereAlready,
  rowUpdated,
  tableOf,
} from './row-fold.js';
import { givenKeyText, keyOf, keyText } from './row-values.js';
import type { CompiledTable } from './table-schema.js';

/** What a batch writes into one table. */
export interface TableCopy {
  readonly table: CompiledTable;
  readonly copy: BinaryCopy;
  /** Of tables that have no history and do not only grow: what a `COPY` cannot do. */
  readonly changes: Pick<TableWrites, 'updates' | 'deletes'> | undefined;
}

export interface FillFoldOptions {
  readonly projection: Projection;
  readonly tables: ReadonlyMap<string, CompiledTable>;
  readonly applies: (type: string) => boolean;
  readonly memoryOf: (table: CompiledTable) => FillMemory;
  readonly copyFor: (table: CompiledTable) => BinaryCopy;
}

interface Version {
  readonly table: CompiledTable;
  readonly text: string;
  readonly row: Row;
  readonly deleted: boolean;
}

/**
 * A batch of a fill, folded over the rows that are remembered and encoded event by event: what an event leaves behind in
 * memory is its rows' newest versions. The rows come out as `foldSteps` makes them.
 */
export class FillFold {
  readonly #copies = new Map<CompiledTable, BinaryCopy>();
  /** Tables with neither history nor growth only: folded at the end. */
  readonly #steps: Step[] = [];
  /** Of the event in hand: two changes of one row make one version. */
  #versions: Version[] = [];
  #texts: string[] = [];

  constructor(readonly options: FillFoldOptions) {}

  /**
   * `false`: rows have to be looked up first, and nothing of the event was taken.
   *
   * @throws {ApplyError} the fill is of no use any more.
   */
  take(event: RecordedEvent): boolean {
    const { projection, applies } = this.options;
    if (!applies(event.type)) return true;
    try {
      const changes = projection.apply(event);
      if (!this.#allKnown(changes)) return false;
      for (const [index, change] of changes.entries())
        this.#change(event, change, this.#texts[index] ?? '');
      for (const { table, row, deleted } of this.#versions)
        this.#copyOf(table).addVersion(row, deleted);
      this.#versions = [];
      return true;
    } catch (error) {
      throw new ApplyError(event, error);
    }
  }

  /** After the last event. */
  end(): TableCopy[] {
    const { memoryOf } = this.options;
    const lookUp = (table: CompiledTable, text: string): Row | undefined =>
      memoryOf(table).get(text) ?? undefined;
    const changes = new Map<CompiledTable, TableWrites>();
    for (const [table, writes] of foldSteps(this.#steps, lookUp)) {
      changes.set(table, writes);
      const copy = this.#copyOf(table);
      for (const row of writes.inserts) copy.add(row);
      for (const [text, row] of writes.rows) memoryOf(table).set(text, row ?? null);
    }
    for (const table of this.options.tables.values()) memoryOf(table).settle();
    return [...this.#copies].map(([table, copy]) => ({ table, copy, changes: changes.get(table) }));
  }

  #allKnown(changes: readonly RowChange[]): boolean {
    const { tables, memoryOf } = this.options;
    this.#texts = [];
    for (const change of changes) {
      const table = tableOf(tables, change.table);
      const inserts = 'insert' in change;
      if (table.grows) {
        if (!inserts) throw onlyGrows(table);
        this.#texts.push('');
        continue;
      }
      const given = inserts ? change.insert : change.key;
      const text = table.exactKey
        ? givenKeyText(table, given)
        : keyText(table, keyOf(table, given));
      if (!inserts && memoryOf(table).get(text) === undefined) return false;
      this.#texts.push(text);
    }
    return true;
  }

  #change(event: RecordedEvent, change: RowChange, text: string): void {
    const table = tableOf(this.options.tables, change.table);
    if (table.history) this.#fold(table, text, change, event.position);
    else if (table.grows && 'insert' in change)
      this.#copyOf(table).addNew(table, change.insert, event.position);
    else {
      const inserts = 'insert' in change;
      const key = keyOf(table, inserts ? change.insert : change.key);
      this.#steps.push({ event, table, key, text, change });
      // It was not there before: its index finds one that was.
      const memory = this.options.memoryOf(table);
      if (inserts && memory.get(text) === undefined) memory.set(text, null);
    }
  }

  #fold(table: CompiledTable, text: string, change: RowChange, at: Position): void {
    const memory = this.options.memoryOf(table);
    const before = memory.get(text) ?? undefined;
    if ('insert' in change) {
      if (before) throw rowThereAlready(table, text);
      const row = newRow(table, keyOf(table, change.insert), change.insert, at);
      memory.set(text, row);
      this.#version(table, text, row, false);
    } else if ('update' in change) {
      if (!before) throw rowMissing(table, text);
      const row = rowUpdated(table, before, change.update(before), at);
      memory.set(text, row);
      if (change.last) memory.finish(text);
      this.#version(table, text, row, false);
    } else {
      const after = change.change(before);
      if (after === undefined || (after === null && !before)) return;
      const key = keyOf(table, change.key);
      const row = after && changedRow(table, key, after, before, at);
      memory.set(text, row);
      this.#version(table, text, row ?? deletedRow(table, key, before, at), row === null);
    }
  }

  #version(table: CompiledTable, text: string, row: Row, deleted: boolean): void {
    const version = { table, text, row, deleted };
    const same = this.#versions.findIndex((one) => one.table === table && one.text === text);
    if (same >= 0) this.#versions[same] = version;
    else this.#versions.push(version);
  }

  #copyOf(table: CompiledTable): BinaryCopy {
    let copy = this.#copies.get(table);
    if (!copy) this.#copies.set(table, (copy = this.options.copyFor(table)));
    return copy;
  }
}
