import type { Position, RecordedEvent } from '#event-store';
import type { BinaryCopy } from './binary-copy.js';
import type { FillMemory, RememberedRow } from './fill-memory.js';
import type { ColumnValue, Projection, Row, RowChange } from './projection.js';
import type { Step, TableWrites, Version } from './row-fold.js';
import {
  ApplyError,
  changedRow,
  deletedRow,
  foldSteps,
  newRow,
  onlyGrows,
  rowMissing,
  rowThereAlready,
  stayedBorn,
  tableOf,
} from './row-fold.js';
import { givenKeyText, keyOf, updateRow } from './row-values.js';
import type { CompiledTable } from './table-schema.js';
import { FROM_POSITION } from './table-schema.js';

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

/** A change, and the row that it is about. */
interface Found {
  readonly change: RowChange;
  readonly table: CompiledTable;
  readonly text: string;
  readonly remembered: RememberedRow;
}

/** Of tables that only grow nothing is remembered. */
const NOTHING: RememberedRow = { row: null };

interface VersionOf extends Version {
  readonly table: CompiledTable;
  readonly text: string;
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
  #versions: VersionOf[] = [];

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
      const found = this.#found(changes);
      if (!found) return false;
      for (const one of found) this.#change(event, one);
      for (const { table, row, deleted } of this.#versions)
        this.#copyOf(table).addVersion(row, deleted);
      if (this.#versions.length > 0) this.#versions = [];
      return true;
    } catch (error) {
      throw new ApplyError(event, error);
    }
  }

  /** Encoded so far. */
  get bytes(): number {
    let bytes = 0;
    for (const copy of this.#copies.values()) bytes += copy.bytes;
    return bytes;
  }

  /** Until the end: some tables have events folded then. */
  get keepsEvents(): boolean {
    return this.#steps.length > 0;
  }

  /** After the last event. */
  end(): TableCopy[] {
    const { memoryOf } = this.options;
    const lookUp = (table: CompiledTable, text: string): Row | undefined =>
      memoryOf(table).touch(text)?.row ?? undefined;
    const changes = new Map<CompiledTable, TableWrites>();
    for (const [table, writes] of foldSteps(this.#steps, lookUp)) {
      changes.set(table, writes);
      const copy = this.#copyOf(table);
      for (const row of writes.inserts) copy.add(row);
      for (const [text, row] of writes.rows) memoryOf(table).learn(text, row ?? null);
    }
    for (const table of this.options.tables.values()) memoryOf(table).settle();
    return [...this.#copies].map(([table, copy]) => ({ table, copy, changes: changes.get(table) }));
  }

  /** The row of each change; `undefined` when one of them has to be looked up. */
  #found(changes: readonly RowChange[]): Found[] | undefined {
    const { tables, memoryOf } = this.options;
    const found: Found[] = [];
    for (const change of changes) {
      const table = tableOf(tables, change.table);
      const inserts = 'insert' in change;
      if (table.grows) {
        if (!inserts) throw onlyGrows(table);
        found.push({ change, table, text: '', remembered: NOTHING });
        continue;
      }
      const given = inserts ? change.insert : change.key;
      const text = givenKeyText(table, given);
      const memory = memoryOf(table);
      // An index finds a row that was there before it was made.
      const remembered = memory.touch(text) ?? (inserts ? memory.learn(text, null) : undefined);
      if (!remembered) return undefined;
      found.push({ change, table, text, remembered });
    }
    return found;
  }

  #change(event: RecordedEvent, found: Found): void {
    const { change, table } = found;
    if (table.history) this.#fold(found, event.position);
    else if (table.grows && 'insert' in change)
      this.#copyOf(table).addNew(table, change.insert, event.position);
    else {
      const key = keyOf(table, 'insert' in change ? change.insert : change.key);
      this.#steps.push({ event, table, key, text: found.text, change });
    }
  }

  #fold({ change, table, text, remembered }: Found, at: Position): void {
    const before = remembered.row ?? undefined;
    if ('insert' in change) {
      if (before) throw rowThereAlready(table, text);
      remembered.row = newRow(table, keyOf(table, change.insert), change.insert, at);
    } else if ('update' in change) {
      if (!before) throw rowMissing(table, text);
      // Versions before this one are encoded already: the row itself is changed, so that an old one is no work for the collector.
      const row = before as Record<string, ColumnValue>;
      updateRow(table, row, change.update(before));
      row[FROM_POSITION] = at;
      if (change.last) this.options.memoryOf(table).finish(text);
    } else {
      const after = change.change(before);
      // A key that is none is one in vain too.
      const key = keyOf(table, change.key);
      if (after === undefined || (after === null && !before)) return;
      remembered.row = after && changedRow(table, key, after, before, at);
      if (!remembered.row) {
        this.#version(table, text, deletedRow(table, key, before, at), true);
        return;
      }
    }
    if (remembered.row) this.#version(table, text, remembered.row, false);
  }

  #version(table: CompiledTable, text: string, row: Row, deleted: boolean): void {
    const version = { table, text, row, deleted };
    const same = this.#versions.findIndex((one) => one.table === table && one.text === text);
    if (same >= 0) {
      stayedBorn(version, this.#versions[same]);
      this.#versions[same] = version;
    } else this.#versions.push(version);
  }

  #copyOf(table: CompiledTable): BinaryCopy {
    let copy = this.#copies.get(table);
    if (!copy) this.#copies.set(table, (copy = this.options.copyFor(table)));
    return copy;
  }
}
