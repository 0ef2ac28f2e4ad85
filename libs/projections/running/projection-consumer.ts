import type pg from 'pg';
import type { Position } from '#event-store';
import { position } from '#event-store';
import type { Checkpoints, ConsumerId, Lease, Progress } from '../checkpoints/checkpoints.js';
import { cancellable } from '../checkpoints/cancellable.js';
import { consumerLabel, inTransaction } from '../checkpoints/checkpoints.js';
import type { Batch, Consumer } from './consumer.js';
import { FailingEventError } from './consumer.js';
import { isCausedByEvent, messageOf, sqlState, UNIQUE_VIOLATION } from '../database-errors.js';
import {
  FILL_ROWS_REMEMBERED_MAX,
  FIRST_STATISTICS_TARGET,
  INDEX_BUILD_HELPERS_MAX,
  INDEX_BUILD_MEMORY,
  INDEX_BUILD_PARALLEL_FROM,
  INDEX_BUILD_TIMEOUT_MS,
} from '../limits.js';
import { ProjectionFill } from '../filling/projection-fill.js';
import type { Projection, Row } from '../projection.js';
import { createIndex, findUnindexable, IndexBuildError } from '../tables/index-build.js';
import { loadRows, writeRows } from '../tables/projection-writes.js';
import type { ProjectionSwitch } from '../checkpoints/projection-switch.js';
import { GivenUpError, RowRefusedError } from '../projections.errors.js';
import { ApplyError, foldSteps, handlesType, keysTouched, stepsOf } from '../tables/row-fold.js';
import type { CompiledTable } from '../tables/table-schema.js';
import {
  buildName,
  clashSql,
  compileTables,
  createTablesSql,
  dropTablesSql,
  fillFromHistorySql,
  indexesOf,
  rebornSql,
  settleTablesSql,
  tableName,
  uniqueRows,
} from '../tables/table-schema.js';

export interface ProjectionConsumerOptions {
  /** Of a second set of tables of the same version; the engine never switches to those by itself. */
  readonly purpose?: string | undefined;
  readonly fillRowsRememberedMax?: number | undefined;
}

const INDEX_BUILD_SETTINGS = {
  maintenance_work_mem: INDEX_BUILD_MEMORY,
  work_mem: INDEX_BUILD_MEMORY,
  max_parallel_maintenance_workers: INDEX_BUILD_HELPERS_MAX,
  min_parallel_table_scan_size: INDEX_BUILD_PARALLEL_FROM,
  default_statistics_target: FIRST_STATISTICS_TARGET,
  enable_hashjoin: 'on',
};

/** Fills the tables of one build of a projection, then asks for the switch to them. */
export class ProjectionConsumer implements Consumer {
  readonly id: ConsumerId;
  readonly handles: (type: string) => boolean;
  /** Of a second set that shall have no event after that one. */
  stopAfter: Position | undefined;
  readonly #tables: ReadonlyMap<string, CompiledTable>;
  readonly #applies: (type: string) => boolean;
  /** While its tables are filled. */
  #fill: ProjectionFill | undefined;
  /** A fill failed: from then on it writes portion by portion, and finds the event that it fails at. */
  #careful = false;

  readonly #stopping = new AbortController();
  readonly #purpose: string | undefined;

  constructor(
    readonly projection: Projection,
    readonly checkpoints: Checkpoints,
    readonly switcher: ProjectionSwitch,
    readonly options: ProjectionConsumerOptions = {},
  ) {
    const { purpose } = options;
    this.#purpose = purpose;
    this.#tables = compileTables(projection);
    this.id = {
      name: projection.name,
      build: buildName(projection.version, purpose),
      kind: 'projection',
      version: projection.version,
      tables: [...this.#tables.keys()],
    };
    // A second set sees every event, so that it can stop after one.
    this.#applies = handlesType(projection);
    this.handles = purpose === undefined ? this.#applies : () => true;
  }

  get gathers(): boolean {
    return this.#fill !== undefined && !this.#careful;
  }

  get taken(): Progress | undefined {
    return this.#fill?.taken;
  }

  giveUp(): void {
    this.#stopping.abort(new GivenUpError(consumerLabel(this.id)));
  }

  async rest(): Promise<void> {
    await this.#fill?.rest();
  }

  async prepare(lease: Lease): Promise<void> {
    await this.rest();
    const fromTheStart = lease.progress.resume === undefined;
    this.#fillAgain(lease, fromTheStart);
    if (!fromTheStart) return;
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
    await this.#indexable(lease, () => this.#handle(batch, lease));
  }

  async #handle(batch: Batch, lease: Lease): Promise<void> {
    const { stopAfter } = this;
    const events =
      stopAfter === undefined
        ? batch.events.length
        : batch.events.filter((event) => event.position <= stopAfter).length;
    try {
      if (events > 0 || batch.events.length === 0) await this.#write(batch, events, lease);
      if (events < batch.events.length) {
        await this.#fill?.flush();
        throw new Error(`${this.id.build} stops there`);
      }
    } catch (error) {
      const failsAtEvent = isCausedByEvent(error);
      if (this.gathers) {
        // What it had gathered is read again, and failed at or written.
        this.#careful = failsAtEvent;
        throw error;
      }
      if (!failsAtEvent) throw error;
      await this.#upToFailing(batch, lease, error);
    }
  }

  async settle(lease: Lease): Promise<boolean> {
    if (!lease.indexed) {
      await this.#indexable(lease, async () => {
        await this.#flush();
        await this.#buildIndexes(lease);
      });
      // What came in meanwhile is read first.
      return false;
    }
    return this.#purpose !== undefined || (await this.switcher.switchWhenNewer(this.id));
  }

  async #flush(): Promise<void> {
    try {
      await this.#fill?.flush();
    } catch (error) {
      this.#careful = isCausedByEvent(error);
      throw error;
    }
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
    const end = to === batch.events.length ? batch.end : batch.after(to - 1);
    const fill = this.#fill;
    if (fill) {
      try {
        await fill.take(events, end, batch.characters);
        if (this.#careful) await fill.flush();
      } catch (error) {
        if (this.#careful) this.#fillAgain(lease, false);
        throw error;
      }
      return;
    }
    const steps = stepsOf(this.projection, this.#tables, this.#applies, events);
    const touched = keysTouched(steps);
    await this.checkpoints.transact(lease, end, async (client) => {
      const { build } = this.id;
      const loaded = new Map<string, Map<string, Row>>();
      for (const [table, keys] of touched)
        loaded.set(table.name, await loadRows(client, table, build, keys));
      const folded = foldSteps(steps, (table, text) => loaded.get(table.name)?.get(text));
      for (const [table, writes] of folded) await writeRows(client, table, build, writes);
    });
  }

  #fillAgain(lease: Lease, fromTheStart: boolean): void {
    this.#fill = lease.indexed
      ? undefined
      : new ProjectionFill({
          projection: this.projection,
          tables: this.#tables,
          applies: this.#applies,
          build: this.id.build,
          checkpoints: this.checkpoints,
          lease,
          signal: this.#stopping.signal,
          fromTheStart,
          rowsRememberedMax: this.options.fillRowsRememberedMax ?? FILL_ROWS_REMEMBERED_MAX,
        });
  }

  async #buildIndexes(lease: Lease): Promise<void> {
    const { build } = this.id;
    try {
      await this.#atLength(lease, async (client) => {
        for (const [setting, value] of Object.entries(INDEX_BUILD_SETTINGS))
          await client.query(`SET LOCAL ${setting} = '${String(value)}'`);
        for (const statement of fillFromHistorySql(this.#tables.values(), build))
          await client.query(statement);
        for (const index of indexesOf(this.#tables.values(), build)) {
          this.#stopping.signal.throwIfAborted();
          await createIndex(client, index);
        }
        for (const table of this.#tables.values())
          if (table.history) await assertNoClash(client, table, rebornSql(table, build));
        for (const statement of settleTablesSql(this.#tables.values(), build))
          await client.query(statement);
        await this.checkpoints.markIndexed(client, lease);
      });
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) await this.#assertNoClashes(lease);
      throw error;
    }
    lease.indexed = true;
    this.#fill = undefined;
  }

  /** @throws {RowRefusedError} when the work fails at a row that was written, and does not go into an index. */
  async #indexable<T>(lease: Lease, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof IndexBuildError) await this.#assertIndexable(lease, error);
      throw error;
    }
  }

  async #assertIndexable(lease: Lease, { index, cause }: IndexBuildError): Promise<void> {
    const { build } = this.id;
    const at = await this.#atLength(lease, async (client) => {
      // The rows of a table with history went with the transaction that failed.
      const tables = [...this.#tables.values()];
      const own = tables.filter(({ name }) => tableName(name, build) === index.table);
      for (const statement of fillFromHistorySql(own, build)) await client.query(statement);
      return await findUnindexable(client, index);
    });
    if (at !== undefined)
      throw new RowRefusedError(
        `index ${index.name} of table ${index.table} cannot hold what this event made (${messageOf(cause)}): it takes a release whose projection keeps less of it there`,
        at,
        { cause },
      );
  }

  /** Tables are filled without their indexes: what these do not allow is found at the end. */
  async #assertNoClashes(lease: Lease): Promise<void> {
    await this.#atLength(lease, async (client) => {
      await client.query('SET LOCAL enable_hashjoin = on');
      // Those of tables with history went with the transaction that failed.
      for (const statement of fillFromHistorySql(this.#tables.values(), this.id.build))
        await client.query(statement);
      for (const table of this.#tables.values())
        for (const unique of uniqueRows(table))
          await assertNoClash(client, table, clashSql(table, this.id.build, unique));
    });
  }

  /** A transaction whose statements may take long, under the lease; one that is under way ends with `giveUp`. */
  async #atLength<T>(lease: Lease, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const { pool } = this.checkpoints;
    return await lease.mutex.run(() =>
      inTransaction(pool, async (client) => {
        await this.checkpoints.lock(client, lease);
        await client.query(`SET LOCAL statement_timeout = ${String(INDEX_BUILD_TIMEOUT_MS)}`);
        return await cancellable(pool, client, this.#stopping.signal, () => work(client));
      }),
    );
  }
}

/** @throws {RowRefusedError} */
async function assertNoClash(
  client: pg.PoolClient,
  table: CompiledTable,
  sql: string,
): Promise<void> {
  const { rows } = await client.query<{ clash: bigint | null }>(sql);
  const clash = rows[0]?.clash ?? null;
  if (clash !== null)
    throw new RowRefusedError(
      `table ${table.name} has that row already, or one that must differ from it`,
      position(clash),
    );
}
