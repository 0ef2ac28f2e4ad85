import { setImmediate as nextTurn } from 'node:timers/promises';
import type pg from 'pg';
import type { RecordedEvent } from '#event-store';
import { BinaryCopy } from './binary-copy.js';
import { FillMemory } from './fill-memory.js';
import { FILL_SLICE_EVENTS } from './limits.js';
import type { Row } from './projection.js';
import {
  changeRows,
  copyColumns,
  copyRows,
  loadNewestVersions,
  loadRows,
} from './projection-writes.js';
import type { Step, TableWrites } from './row-fold.js';
import { foldSteps, keysTouched } from './row-fold.js';
import type { CompiledTable } from './table-schema.js';
import { keySql } from './table-schema.js';

/** What a batch writes, as far as it is known before the database is asked. */
interface Prepared {
  readonly steps: readonly Step[];
  /** `undefined`: rows have to be looked up first. */
  readonly written: readonly TableCopy[] | undefined;
}

interface FillBatch {
  readonly events: readonly RecordedEvent[];
  readonly prepared: Promise<Prepared>;
  /** Its changes are in the memory, or it failed: the next one may be folded. */
  readonly folded: () => void;
}

interface TableCopy {
  readonly table: CompiledTable;
  readonly writes: TableWrites;
  readonly copy: BinaryCopy;
}

export interface ProjectionFillOptions {
  readonly build: string;
  /** Its tables are empty. */
  readonly fromTheStart: boolean;
  readonly rowsRememberedMax: number;
  readonly stepsOf: (events: readonly RecordedEvent[]) => Step[];
}

/**
 * Writes a build that nobody reads yet: rows go by `COPY` into tables without indexes, of tables with history only the
 * versions. What it needs to know of earlier rows it remembers; only rows that it no longer remembers are looked up, and
 * the index for that is made when the first one is. While the database writes one batch, the next is made ready.
 */
export class ProjectionFill {
  readonly #memory: ReadonlyMap<CompiledTable, FillMemory>;
  readonly #keyed = new Set<CompiledTable>();
  readonly #spare = new Map<CompiledTable, BinaryCopy[]>();
  #ahead: FillBatch | undefined;
  /** Batches are folded in their order. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    tables: Iterable<CompiledTable>,
    readonly options: ProjectionFillOptions,
  ) {
    const { fromTheStart, rowsRememberedMax } = options;
    this.#memory = new Map(
      [...tables].map((table) => [table, new FillMemory(fromTheStart, rowsRememberedMax)]),
    );
  }

  /** What comes next, while the batch before it is being written. Gives way to others now and then. */
  async prepare(events: readonly RecordedEvent[]): Promise<void> {
    this.#ahead = this.#begin(events);
    await this.#ahead.prepared;
  }

  /** @param transact calls what it is given in the transaction of the batch. */
  async write(
    events: readonly RecordedEvent[],
    transact: (work: (client: pg.PoolClient) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    // What was prepared is in the memory already.
    if (ahead && ahead.events !== events) throw new Error('a batch came that was not the next');
    const batch = ahead ?? this.#begin(events);
    try {
      const { steps, written } = await batch.prepared;
      await transact(async (client) => {
        const copies = written ?? (await this.#lookedUp(client, steps));
        batch.folded();
        for (const copy of copies) await this.#send(client, copy);
      });
    } finally {
      batch.folded();
    }
  }

  #begin(events: readonly RecordedEvent[]): FillBatch {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const prepared = this.#turn.then(() => this.#prepared(events));
    this.#turn = prepared.then(
      ({ written }) => (written ? undefined : promise),
      () => undefined,
    );
    return {
      events,
      prepared,
      folded: () => {
        resolve(undefined);
      },
    };
  }

  async #prepared(events: readonly RecordedEvent[]): Promise<Prepared> {
    const steps: Step[] = [];
    for (let from = 0; from < events.length; from += FILL_SLICE_EVENTS) {
      if (from > 0) await nextTurn();
      for (const step of this.options.stepsOf(events.slice(from, from + FILL_SLICE_EVENTS)))
        steps.push(step);
    }
    if (this.#missing(steps).size > 0) return { steps, written: undefined };
    const written: TableCopy[] = [];
    for (const [table, writes] of this.#fold(steps)) {
      const copy = this.#copyFor(table);
      const rows = table.history ? writes.history.length : writes.inserts.length;
      for (let from = 0; from < rows; from += FILL_SLICE_EVENTS) {
        await nextTurn();
        encode(copy, table, writes, from, from + FILL_SLICE_EVENTS);
      }
      written.push({ table, writes, copy });
    }
    return { steps, written };
  }

  async #send(client: pg.PoolClient, { table, writes, copy }: TableCopy): Promise<void> {
    if (!table.history && writes.updates.length + writes.deletes.length > 0) {
      await this.#key(client, table);
      await changeRows(client, table, this.options.build, writes);
    }
    await copyRows(client, table, this.options.build, copy);
    const spare = this.#spare.get(table);
    if (spare) spare.push(copy);
    else this.#spare.set(table, [copy]);
  }

  async #lookedUp(client: pg.PoolClient, steps: readonly Step[]): Promise<TableCopy[]> {
    for (const [table, keys] of this.#missing(steps)) {
      await this.#key(client, table);
      const load = table.history ? loadNewestVersions : loadRows;
      const rows = await load(client, table, this.options.build, keys);
      const memory = this.#memoryOf(table);
      for (const text of keys.keys()) memory.learn(text, rows.get(text) ?? null);
    }
    return [...this.#fold(steps)].map(([table, writes]) => {
      const copy = this.#copyFor(table);
      encode(copy, table, writes, 0, Infinity);
      return { table, writes, copy };
    });
  }

  /** What has to be looked up. */
  #missing(steps: readonly Step[]): Map<CompiledTable, Map<string, Row>> {
    const forgotten = steps.some(({ table, text, change }) => {
      if ('insert' in change) return false;
      const memory = this.#memoryOf(table);
      return !memory.complete && memory.get(text) === undefined;
    });
    if (!forgotten) return new Map();
    const missing = keysTouched(steps);
    for (const [table, keys] of missing) {
      const memory = this.#memoryOf(table);
      for (const text of keys.keys())
        if (memory.complete || memory.get(text) !== undefined) keys.delete(text);
      if (keys.size === 0) missing.delete(table);
    }
    return missing;
  }

  #fold(steps: readonly Step[]): Map<CompiledTable, TableWrites> {
    const folded = foldSteps(steps, (table, text) => this.#memoryOf(table).get(text) ?? undefined);
    for (const [table, writes] of folded) if (!table.grows) this.#memoryOf(table).remember(writes);
    return folded;
  }

  /** In the transaction of the batch that needs it. */
  async #key(client: pg.PoolClient, table: CompiledTable): Promise<void> {
    if (this.#keyed.has(table)) return;
    await client.query(keySql(table, this.options.build));
    this.#keyed.add(table);
  }

  #memoryOf(table: CompiledTable): FillMemory {
    const memory = this.#memory.get(table);
    if (!memory) throw new TypeError(`no table ${table.name} is filled here`);
    return memory;
  }

  #copyFor(table: CompiledTable): BinaryCopy {
    const copy = this.#spare.get(table)?.pop() ?? new BinaryCopy(copyColumns(table), table.history);
    copy.clear();
    return copy;
  }
}

function encode(
  copy: BinaryCopy,
  table: CompiledTable,
  { inserts, history }: TableWrites,
  from: number,
  to: number,
): void {
  if (table.history)
    for (const { row, deleted } of history.slice(from, to)) copy.addVersion(row, deleted);
  else for (const row of inserts.slice(from, to)) copy.add(row);
}
