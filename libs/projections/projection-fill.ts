import { setImmediate as nextTurn } from 'node:timers/promises';
import type pg from 'pg';
import type { RecordedEvent } from '#event-store';
import { BinaryCopy } from './binary-copy.js';
import type { TableCopy } from './fill-fold.js';
import { FillFold } from './fill-fold.js';
import { FillMemory } from './fill-memory.js';
import { FILL_SLICE_EVENTS } from './limits.js';
import type { Projection, Row } from './projection.js';
import {
  changeRows,
  copyColumns,
  copyRows,
  loadNewestVersions,
  loadRows,
} from './projection-writes.js';
import { keysTouched, stepsOf } from './row-fold.js';
import type { CompiledTable } from './table-schema.js';
import { keySql } from './table-schema.js';

/** A batch, as far as it could be folded before the database is asked. */
interface Prepared {
  readonly fold: FillFold;
  /** The first of them is about rows that have to be looked up. */
  readonly rest: readonly RecordedEvent[];
  /** Of a batch without a rest. */
  readonly copies: readonly TableCopy[];
}

interface FillBatch {
  readonly events: readonly RecordedEvent[];
  readonly prepared: Promise<Prepared>;
  /** Its changes are in the memory, or it failed: the next one may be folded. */
  readonly folded: () => void;
}

export interface ProjectionFillOptions {
  readonly projection: Projection;
  readonly tables: ReadonlyMap<string, CompiledTable>;
  readonly applies: (type: string) => boolean;
  readonly build: string;
  /** Its tables are empty. */
  readonly fromTheStart: boolean;
  readonly rowsRememberedMax: number;
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

  constructor(readonly options: ProjectionFillOptions) {
    const { tables, fromTheStart, rowsRememberedMax } = options;
    this.#memory = new Map(
      [...tables.values()].map((table) => [table, new FillMemory(fromTheStart, rowsRememberedMax)]),
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
      const { fold, rest, copies } = await batch.prepared;
      await transact(async (client) => {
        const all = rest.length === 0 ? copies : await this.#lookedUp(client, fold, rest);
        batch.folded();
        for (const copy of all) await this.#send(client, copy);
      });
    } finally {
      batch.folded();
    }
  }

  #begin(events: readonly RecordedEvent[]): FillBatch {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const prepared = this.#turn.then(() => this.#prepared(events));
    this.#turn = prepared.then(
      ({ rest }) => (rest.length === 0 ? undefined : promise),
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
    const { projection, tables, applies } = this.options;
    const fold = new FillFold({
      projection,
      tables,
      applies,
      memoryOf: (table) => this.#memoryOf(table),
      copyFor: (table) => this.#copyFor(table),
    });
    for (const [index, event] of events.entries()) {
      if (index > 0 && index % FILL_SLICE_EVENTS === 0) await nextTurn();
      if (!fold.take(event)) return { fold, rest: events.slice(index), copies: [] };
    }
    return { fold, rest: [], copies: fold.end() };
  }

  async #send(client: pg.PoolClient, { table, copy, changes }: TableCopy): Promise<void> {
    if (changes && changes.updates.length + changes.deletes.length > 0) {
      await this.#key(client, table);
      await changeRows(client, table, this.options.build, changes);
    }
    await copyRows(client, table, this.options.build, copy);
    const spare = this.#spare.get(table);
    if (spare) spare.push(copy);
    else this.#spare.set(table, [copy]);
  }

  async #lookedUp(
    client: pg.PoolClient,
    fold: FillFold,
    rest: readonly RecordedEvent[],
  ): Promise<TableCopy[]> {
    for (const [table, keys] of this.#missing(rest)) {
      await this.#key(client, table);
      const load = table.history ? loadNewestVersions : loadRows;
      const rows = await load(client, table, this.options.build, keys);
      const memory = this.#memoryOf(table);
      for (const text of keys.keys()) memory.learn(text, rows.get(text) ?? null);
    }
    for (const event of rest)
      if (!fold.take(event)) throw new Error('a row that was looked up is not known');
    return fold.end();
  }

  #missing(events: readonly RecordedEvent[]): Map<CompiledTable, Map<string, Row>> {
    const { projection, tables, applies } = this.options;
    const missing = keysTouched(stepsOf(projection, tables, applies, events));
    for (const [table, keys] of missing) {
      const memory = this.#memoryOf(table);
      for (const text of keys.keys()) if (memory.touch(text)) keys.delete(text);
      if (keys.size === 0) missing.delete(table);
    }
    return missing;
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
