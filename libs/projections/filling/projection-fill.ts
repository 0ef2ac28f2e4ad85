import { setImmediate as nextTurn } from 'node:timers/promises';
import type pg from 'pg';
import type { RecordedEvent } from '#event-store';
import { cancellable } from '../checkpoints/cancellable.js';
import type { Checkpoints, Lease, Progress } from '../checkpoints/checkpoints.js';
import { inTransaction } from '../checkpoints/checkpoints.js';
import { BinaryCopy } from '../tables/binary-copy.js';
import type { TableCopy } from './fill-fold.js';
import { FillFold } from './fill-fold.js';
import { FillMemory } from './fill-memory.js';
import {
  FILL_BATCH_BYTES,
  FILL_BATCH_EVENTS,
  FILL_SLICE_EVENTS,
  INDEX_BUILD_TIMEOUT_MS,
} from '../limits.js';
import type { Projection, Row } from '../projection.js';
import { createIndex } from '../tables/index-build.js';
import {
  changeRows,
  copyColumns,
  copyRows,
  loadNewestVersions,
  loadRows,
} from '../tables/projection-writes.js';
import { keysTouched, stepsOf } from '../tables/row-fold.js';
import type { CompiledTable } from '../tables/table-schema.js';
import { keyIndex } from '../tables/table-schema.js';

export interface ProjectionFillOptions {
  readonly projection: Projection;
  readonly tables: ReadonlyMap<string, CompiledTable>;
  readonly applies: (type: string) => boolean;
  readonly build: string;
  /** Its tables are empty. */
  readonly fromTheStart: boolean;
  readonly rowsRememberedMax: number;
  readonly checkpoints: Checkpoints;
  readonly lease: Lease;
  /** A statement that may take long ends with it. */
  readonly signal: AbortSignal;
}

/**
 * Writes a build that nobody reads yet: rows go by `COPY` into tables without indexes, of tables with history only the
 * versions. What it needs to know of earlier rows it remembers; only rows that it no longer remembers are looked up, and
 * the index for that is made when the first one is. While the database writes one batch, the next is gathered.
 *
 * After an error it is of no use any more, and what it had not written is lost: its events have to be read again.
 */
export class ProjectionFill {
  readonly #memory: ReadonlyMap<CompiledTable, FillMemory>;
  readonly #keyed = new Set<CompiledTable>();
  readonly #spare = new Map<CompiledTable, BinaryCopy[]>();
  #fold: FillFold;
  #gathered = 0;
  /** Of the events that were gathered. */
  #characters = 0;
  #taken: Progress | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly options: ProjectionFillOptions) {
    const { tables, fromTheStart, rowsRememberedMax } = options;
    this.#memory = new Map(
      [...tables.values()].map((table) => [table, new FillMemory(fromTheStart, rowsRememberedMax)]),
    );
    this.#fold = this.#newFold();
  }

  /** After what it was given last; `undefined` when all of that is written. */
  get taken(): Progress | undefined {
    return this.#taken;
  }

  /** Folds and encodes events, and writes when there are enough. Gives way to others now and then. */
  async take(events: readonly RecordedEvent[], end: Progress, characters: number): Promise<void> {
    this.#taken = end;
    for (const [index, event] of events.entries()) {
      if (index > 0 && index % FILL_SLICE_EVENTS === 0) await nextTurn();
      if (this.#fold.take(event)) continue;
      await this.#learn(events.slice(index));
      if (!this.#fold.take(event)) throw new Error('a row that was looked up is not known');
    }
    this.#gathered += events.length;
    this.#characters += characters;
    const bytes = Math.max(this.#fold.bytes, this.#fold.keepsEvents ? this.#characters : 0);
    if (this.#gathered >= FILL_BATCH_EVENTS || bytes >= FILL_BATCH_BYTES) await this.#write();
  }

  /** Until all that was taken is written. */
  async flush(): Promise<void> {
    if (this.#gathered > 0) await this.#write();
    await this.#writing;
    const end = this.#taken;
    // Events that nothing came of.
    if (end) await this.#transact(end, () => Promise.resolve());
    this.#taken = undefined;
  }

  /** Until nothing of it is on its way to the database, whatever becomes of that. */
  async rest(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  async #write(): Promise<void> {
    await this.#writing;
    const end = this.#taken;
    if (!end) return;
    const copies = this.#fold.end();
    this.#fold = this.#newFold();
    this.#gathered = 0;
    this.#characters = 0;
    this.#writing = this.options.checkpoints.fillWrites.run(() =>
      this.#transact(end, async (client) => {
        for (const copy of copies) await this.#send(client, copy);
      }),
    );
    // Met by whoever waits for it next.
    this.#writing.then(
      () => {
        if (this.#taken === end) this.#taken = undefined;
      },
      () => undefined,
    );
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

  async #transact(to: Progress, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const { checkpoints, lease } = this.options;
    await checkpoints.transact(lease, to, work);
  }

  /** What is not remembered of the rows that these events are about. What is not yet written is remembered. */
  async #learn(events: readonly RecordedEvent[]): Promise<void> {
    await this.#writing;
    const { build, checkpoints, lease } = this.options;
    const missing = this.#missing(events);
    for (const table of missing.keys())
      if (!this.#keyed.has(table))
        await lease.mutex.run(() =>
          inTransaction(checkpoints.pool, async (client) => {
            await checkpoints.lock(client, lease);
            await this.#key(client, table);
          }),
        );
    await inTransaction(checkpoints.pool, async (client) => {
      for (const [table, keys] of missing) {
        const load = table.history ? loadNewestVersions : loadRows;
        const rows = await load(client, table, build, keys);
        const memory = this.#memoryOf(table);
        for (const text of keys.keys()) memory.learn(text, rows.get(text) ?? null);
      }
    });
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

  async #key(client: pg.PoolClient, table: CompiledTable): Promise<void> {
    if (this.#keyed.has(table)) return;
    await client.query(`SET LOCAL statement_timeout = ${String(INDEX_BUILD_TIMEOUT_MS)}`);
    const { build, checkpoints, signal } = this.options;
    await cancellable(checkpoints.pool, client, signal, () =>
      createIndex(client, keyIndex(table, build)),
    );
    this.#keyed.add(table);
  }

  #newFold(): FillFold {
    const { projection, tables, applies } = this.options;
    return new FillFold({
      projection,
      tables,
      applies,
      memoryOf: (table) => this.#memoryOf(table),
      copyFor: (table) => this.#copyFor(table),
    });
  }

  #memoryOf(table: CompiledTable): FillMemory {
    const memory = this.#memory.get(table);
    if (!memory) throw new TypeError(`no table ${table.name} is filled here`);
    return memory;
  }

  #copyFor(table: CompiledTable): BinaryCopy {
    const copy = this.#spare.get(table)?.pop() ?? new BinaryCopy(copyColumns(table));
    copy.clear();
    return copy;
  }
}
