import type { Position, RecordedEvent } from '#event-store';
import type { BinaryCopy } from '../tables/binary-copy.js';
import type { FillMemory, RememberedRow } from './fill-memory.js';
import type { ColumnValue, Projection, Row, RowChange } from '../projection.js';
import type { Step, TableWrites, Version } from '../tables/row-fold.js';
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
  noTable,
} from '../tables/row-fold.js';
import { givenKeyText, keyOf, updateRow } from '../tables/row-values.js';
import type { CompiledTable } from '../tables/table-schema.js';
import { FROM_POSITION } from '../tables/table-schema.js';

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

/** All that a batch has of one table. */
interface Part {
  readonly table: CompiledTable;
  readonly memory: FillMemory;
  /** Once there is something for it. */
  copy: BinaryCopy | undefined;
}

/** A change, and the row that it is about. */
interface Found {
  readonly change: RowChange;
  readonly part: Part;
  readonly text: string;
  readonly remembered: RememberedRow;
}

/** Of tables that only grow nothing is remembered. */
const NOTHING: RememberedRow = { row: null };

interface VersionOf extends Version {
  readonly part: Part;
  readonly text: string;
}

/**
 * A batch of a fill, folded over the rows that are remembered and encoded event by event: what an event leaves behind in
 * memory is its rows' newest versions. The rows come out as `foldSteps` makes them.
 */
export class FillFold {
  /** By the name of the table. */
  readonly #parts: ReadonlyMap<string, Part>;
  /** Tables with neither history nor growth only: folded at the end. */
  readonly #steps: Step[] = [];
  /** Of the event in hand: two changes of one row make one version. */
  #versions: VersionOf[] = [];

  constructor(readonly options: FillFoldOptions) {
    const { tables, memoryOf } = options;
    this.#parts = new Map(
      [...tables].map(([name, table]) => [
        name,
        { table, memory: memoryOf(table), copy: undefined },
      ]),
    );
  }

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
      for (const { part, row, deleted } of this.#versions)
        this.#copyOf(part).addVersion(row, deleted);
      if (this.#versions.length > 0) this.#versions = [];
      return true;
    } catch (error) {
      throw new ApplyError(event, error);
    }
  }

  /** Encoded so far. */
  get bytes(): number {
    let bytes = 0;
    for (const { copy } of this.#parts.values()) bytes += copy?.bytes ?? 0;
    return bytes;
  }

  /** Until the end: some tables have events folded then. */
  get keepsEvents(): boolean {
    return this.#steps.length > 0;
  }

  /** After the last event. */
  end(): TableCopy[] {
    const lookUp = (table: CompiledTable, text: string): Row | undefined =>
      this.#partOf(table.name).memory.touch(text)?.row ?? undefined;
    const changes = new Map<Part, TableWrites>();
    for (const [table, writes] of foldSteps(this.#steps, lookUp)) {
      const part = this.#partOf(table.name);
      changes.set(part, writes);
      const copy = this.#copyOf(part);
      for (const row of writes.inserts) copy.add(row);
      for (const [text, row] of writes.rows) part.memory.learn(text, row ?? null);
    }
    const copies: TableCopy[] = [];
    for (const part of this.#parts.values()) {
      const { table, memory, copy } = part;
      memory.settle();
      if (copy) copies.push({ table, copy, changes: changes.get(part) });
    }
    return copies;
  }

  /** The row of each change; `undefined` when one of them has to be looked up. */
  #found(changes: readonly RowChange[]): Found[] | undefined {
    const found: Found[] = [];
    for (const change of changes) {
      const part = this.#partOf(change.table);
      const { table, memory } = part;
      const inserts = 'insert' in change;
      if (table.grows) {
        if (!inserts) throw onlyGrows(table);
        found.push({ change, part, text: '', remembered: NOTHING });
        continue;
      }
      const text = givenKeyText(table, inserts ? change.insert : change.key);
      // An index finds a row that was there before it was made.
      const remembered = memory.touch(text) ?? (inserts ? memory.learn(text, null) : undefined);
      if (!remembered) return undefined;
      found.push({ change, part, text, remembered });
    }
    return found;
  }

  #change(event: RecordedEvent, found: Found): void {
    const { change, part, text } = found;
    const { table } = part;
    if (table.history) this.#fold(found, event.position);
    else if (table.grows && 'insert' in change)
      this.#copyOf(part).addNew(table, change.insert, event.position);
    else {
      const key = keyOf(table, 'insert' in change ? change.insert : change.key);
      this.#steps.push({ event, table, key, text, change });
    }
  }

  #fold({ change, part, text, remembered }: Found, at: Position): void {
    const { table } = part;
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
      if (change.last) part.memory.finish(text);
    } else {
      const after = change.change(before);
      // A key that is none is one in vain too.
      const key = keyOf(table, change.key);
      if (after === undefined || (after === null && !before)) return;
      remembered.row = after && changedRow(table, key, after, before, at);
      if (!remembered.row) {
        this.#version(part, text, deletedRow(table, key, before, at), true);
        return;
      }
    }
    if (remembered.row) this.#version(part, text, remembered.row, false);
  }

  #version(part: Part, text: string, row: Row, deleted: boolean): void {
    const version = { part, text, row, deleted };
    const same = this.#versions.findIndex((one) => one.part === part && one.text === text);
    if (same >= 0) {
      stayedBorn(version, this.#versions[same]);
      this.#versions[same] = version;
    } else this.#versions.push(version);
  }

  #partOf(name: string): Part {
    return this.#parts.get(name) ?? noTable(name);
  }

  #copyOf(part: Part): BinaryCopy {
    return (part.copy ??= this.options.copyFor(part.table));
  }
}
