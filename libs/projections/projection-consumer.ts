import type pg from 'pg';
import type { Position, RecordedEvent } from '#event-store';
import type { Checkpoints, ConsumerId, Lease } from './checkpoints.js';
import { inTransaction } from './checkpoints.js';
import type { Batch, Consumer } from './consumer.js';
import { FailingEventError } from './consumer.js';
import { isCausedByEvent } from './database-errors.js';
import { FillMemory } from './fill-memory.js';
import { INDEX_BUILD_MEMORY, INDEX_BUILD_TIMEOUT_MS } from './limits.js';
import type { Projection, Row } from './projection.js';
import { loadNewestVersions, loadRows, writeHistory, writeRows } from './projection-writes.js';
import type { ProjectionSwitch } from './projection-switch.js';
import type { EventChanges, TableWrites } from './row-fold.js';
import { ApplyError, changesOf, foldBatch, handlesType, keysTouched } from './row-fold.js';
import type { CompiledTable } from './table-schema.js';
import {
  buildName,
  compileTables,
  createIndexesSql,
  createTablesSql,
  dropTablesSql,
  fillFromHistorySql,
  settleTablesSql,
} from './table-schema.js';

/** Fills the tables of one build of a projection, then asks for the switch to them. */
export class ProjectionConsumer implements Consumer {
  readonly id: ConsumerId;
  readonly handles: (type: string) => boolean;
  /** Of a second set that shall have no event after that one. */
  stopAfter: Position | undefined;
  readonly #tables: ReadonlyMap<string, CompiledTable>;
  readonly #memory = new Map<string, FillMemory>();
  readonly #anticipated = new WeakMap<readonly RecordedEvent[], readonly EventChanges[]>();

  /** @param purpose of a second set of tables of the same version; the engine never switches to those by itself. */
  constructor(
    readonly projection: Projection,
    readonly checkpoints: Checkpoints,
    readonly switcher: ProjectionSwitch,
    readonly purpose?: string,
  ) {
    this.#tables = compileTables(projection);
    this.id = {
      name: projection.name,
      build: buildName(projection.version, purpose),
      kind: 'projection',
      version: projection.version,
      tables: [...this.#tables.keys()],
    };
    // A second set sees every event, so that it can stop after one.
    this.handles = purpose === undefined ? handlesType(projection) : () => true;
  }

  async prepare(lease: Lease): Promise<void> {
    this.#forget();
    if (lease.progress.resume !== undefined) return;
    await lease.mutex.run(() =>
      inTransaction(this.checkpoints.pool, async (client) => {
        await this.checkpoints.lock(client, lease);
        const { build } = this.id;
        for (const statement of dropTablesSql(this.#tables.keys(), build))
          await client.query(statement);
        for (const statement of createTablesSql(this.#tables.values(), build))
          await client.query(statement);
      }),
    );
  }

  async handle(batch: Batch, lease: Lease): Promise<void> {
    const { stopAfter } = this;
    const events =
      stopAfter === undefined
        ? batch.events.length
        : batch.events.filter((event) => event.position <= stopAfter).length;
    try {
      if (events > 0) await this.#write(batch, events, lease);
      if (events < batch.events.length) throw new Error(`${this.id.build} stops there`);
    } catch (error) {
      this.#forget();
      if (!isCausedByEvent(error)) throw error;
      await this.#upToFailing(batch, lease, error);
    }
  }

  anticipate(events: readonly RecordedEvent[]): void {
    try {
      this.#anticipated.set(events, changesOf(this.projection, events));
    } catch {
      // The event that fails is met again when its turn comes.
    }
  }

  async settle(lease: Lease): Promise<boolean> {
    if (!lease.indexed) {
      await this.#buildIndexes(lease);
      // What came in meanwhile is read first.
      return false;
    }
    return this.purpose !== undefined || (await this.switcher.switchWhenNewer(this.id));
  }

  /** All before the event that fails, found by halves when only the database knows it. */
  async #upToFailing(batch: Batch, lease: Lease, error: unknown): Promise<never> {
    let from = 0;
    let to =
      error instanceof ApplyError ? batch.events.indexOf(error.event) + 1 : batch.events.length;
    let failure = error;
    while (to - from > 1) {
      const middle = failure instanceof ApplyError ? to - 1 : from + Math.floor((to - from) / 2);
      try {
        await this.#write(batch, middle, lease, from);
        from = middle;
      } catch (again) {
        if (!isCausedByEvent(again)) throw again;
        failure = again;
        to = again instanceof ApplyError ? batch.events.indexOf(again.event) + 1 : middle;
      }
    }
    const event = batch.events[from];
    throw event ? new FailingEventError(event, failure) : failure;
  }

  async #write(batch: Batch, to: number, lease: Lease, from = 0): Promise<void> {
    const whole = from === 0 && to === batch.events.length;
    const events = whole ? batch.events : batch.events.slice(from, to);
    const changes = this.#anticipated.get(events) ?? changesOf(this.projection, events);
    const end = to === batch.events.length ? batch.end : batch.after(to - 1);
    const touched = keysTouched(this.#tables, changes);
    const { build } = this.id;
    const filling = !lease.indexed;
    let written = new Map<string, TableWrites>();
    await this.checkpoints.transact(lease, end, async (client) => {
      const loaded = new Map<string, Map<string, Row>>();
      for (const [name, keys] of touched)
        loaded.set(
          name,
          await (filling ? this.#known(client, name, keys) : this.#load(client, name, keys)),
        );
      written = foldBatch(this.#tables, changes, loaded, touched);
      for (const [name, writes] of written) {
        const table = this.#table(name);
        // Nobody reads a table that is being filled: of one with history, its rows are made at the end.
        if (filling && table.history) await writeHistory(client, table, build, writes);
        else await writeRows(client, table, build, writes);
      }
    });
    if (filling) for (const [name, { rows }] of written) this.#memoryOf(name).remember(rows);
  }

  async #load(
    client: pg.PoolClient,
    name: string,
    keys: ReadonlyMap<string, Row>,
  ): Promise<Map<string, Row>> {
    return await loadRows(client, this.#table(name), this.id.build, keys);
  }

  /** While filling: what is not remembered is looked up. */
  async #known(
    client: pg.PoolClient,
    name: string,
    keys: ReadonlyMap<string, Row>,
  ): Promise<Map<string, Row>> {
    const table = this.#table(name);
    const missing = new Map(keys);
    const known = this.#memoryOf(name).take(missing);
    if (missing.size > 0)
      for (const [text, row] of table.history
        ? await loadNewestVersions(client, table, this.id.build, missing)
        : await this.#load(client, name, missing))
        known.set(text, row);
    return known;
  }

  #memoryOf(name: string): FillMemory {
    const memory = this.#memory.get(name) ?? new FillMemory();
    this.#memory.set(name, memory);
    return memory;
  }

  #forget(): void {
    for (const memory of this.#memory.values()) memory.forget();
  }

  async #buildIndexes(lease: Lease): Promise<void> {
    const { build } = this.id;
    await lease.mutex.run(() =>
      inTransaction(this.checkpoints.pool, async (client) => {
        await this.checkpoints.lock(client, lease);
        await client.query(`SET LOCAL statement_timeout = ${String(INDEX_BUILD_TIMEOUT_MS)}`);
        await client.query(`SET LOCAL maintenance_work_mem = '${INDEX_BUILD_MEMORY}'`);
        for (const statement of fillFromHistorySql(this.#tables.values(), build))
          await client.query(statement);
        for (const statement of createIndexesSql(this.#tables.values(), build))
          await client.query(statement);
        for (const statement of settleTablesSql(this.#tables.values(), build))
          await client.query(statement);
        await this.checkpoints.markIndexed(client, lease);
      }),
    );
    lease.indexed = true;
    this.#forget();
  }

  #table(name: string): CompiledTable {
    const table = this.#tables.get(name);
    if (!table) throw new TypeError(`projection ${this.id.name} has no table ${name}`);
    return table;
  }
}
