import type pg from 'pg';
import type { Position } from '#event-store';
import { position } from '#event-store';
import type { CheckpointRow, ConsumerId } from './checkpoints.js';
import { Checkpoints, consumerLabel, inTransaction } from './checkpoints.js';
import { LOCK_NOT_AVAILABLE, messageOf, QUERY_CANCELED, sqlState } from './database-errors.js';
import { SWITCH_LOCK_TIMEOUT_MS, SWITCH_PATIENCE_MS, VERIFY_PAUSE_MS_MAX } from './limits.js';
import { ProjectionConsumer } from './projection-consumer.js';
import type { ProjectionRunnerOptions } from './projection-runner.js';
import { ProjectionSwitch } from './projection-switch.js';
import type { Projection } from './projection.js';
import { RebuildFailedError, SwitchRefusedError } from './projections.errors.js';
import { ConsumerRunner } from './runner.js';
import type { ConsumerStatus } from './status.js';
import { failureText, statusesOf } from './status.js';
import type { CompiledTable } from './table-schema.js';
import {
  buildName,
  columnList,
  compileTables,
  historyColumns,
  historyName,
  qualified,
  tableName,
} from './table-schema.js';

export interface TableComparison {
  readonly table: string;
  readonly rows: number;
  /** In one of both only, or not the same in both. */
  readonly different: number;
}

export interface Verification {
  readonly projection: string;
  readonly build: string;
  /** Both sides had all events up to here, and none after. */
  readonly position: Position;
  readonly equal: boolean;
  readonly tables: readonly TableComparison[];
}

export interface BuildProgress {
  /** Of the one that is farthest behind. */
  readonly lagEvents: number;
}

const POLL_INTERVAL_MS = 50;
/** While a rebuild reads: looking costs it time. */
const REBUILD_POLL_INTERVAL_MS = 250;
const VERIFY = 'verify';

/** Rebuilds beside what serves, compares, switches, rolls back and drops: what an operator does with builds. */
export class ProjectionBuilds {
  readonly #checkpoints: Checkpoints;
  readonly #switch: ProjectionSwitch;

  constructor(readonly options: ProjectionRunnerOptions) {
    this.#checkpoints = new Checkpoints(options.pool);
    this.#switch = new ProjectionSwitch(options.pool);
  }

  /** All builds of all projections and processes, with lag and failures, whoever runs them. */
  async statuses(): Promise<ConsumerStatus[]> {
    const head = await this.options.store.head();
    return statusesOf(await this.#checkpoints.all(), this.options.clock.now(), head);
  }

  /**
   * Shows another build: the rollback after a switch. Tried again, at most `SWITCH_PATIENCE_MS`, while readers are in its
   * way or its runner is a few events behind.
   *
   * @throws {SwitchRefusedError}
   */
  async switchTo(name: string, build: string): Promise<void> {
    await patiently(
      name,
      ({ mayPass }) => mayPass,
      () => this.#switch.switchTo(name, build),
    );
  }

  /** Drops a build's tables. @throws {SwitchRefusedError} it serves, or somebody runs it. */
  async drop(name: string, build: string): Promise<void> {
    await patiently(
      name,
      () => false,
      () => this.#switch.drop(name, build),
    );
  }

  /**
   * Fills second sets of tables of the same versions from the start of the log, until nothing is left to read. The log is
   * read and decoded once for all of them.
   *
   * @param purpose names the sets: builds `v<version>_<purpose>`. They stay until `drop`, to be looked at.
   */
  async rebuild(
    projections: readonly Projection[],
    purpose: string,
    signal: AbortSignal,
    onProgress: (progress: BuildProgress) => void = () => undefined,
  ): Promise<void> {
    for (const projection of projections) await this.#dropWhenThere(projection, purpose);
    const consumers = projections.map((projection) => this.#beside(projection, purpose));
    const runner = this.#run(...consumers);
    const labels = new Set(consumers.map(({ id }) => consumerLabel(id)));
    try {
      for (;;) {
        signal.throwIfAborted();
        const statuses = (await runner.status()).filter((one) => labels.has(consumerLabel(one)));
        const failed = statuses.find(({ failure, ready }) => failure && !ready);
        if (failed) throw new RebuildFailedError(failureText(failed));
        const lagEvents = Math.max(...statuses.map(({ lag }) => lag.events));
        onProgress({ lagEvents });
        const rows = await this.#checkpoints.all();
        // Indexes are built once nothing is left to read.
        if (
          rows.filter((row) => row.indexed && labels.has(consumerLabel(row))).length === labels.size
        )
          return;
        const waitMs = lagEvents === 0 ? POLL_INTERVAL_MS : REBUILD_POLL_INTERVAL_MS;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    } finally {
      await runner.stop();
    }
  }

  /**
   * Rebuilds beside and compares with what serves, row by row, while the runner of the serving build waits (at most
   * `VERIFY_PAUSE_MS_MAX`). The second set is dropped afterwards, also when the signal ends it.
   *
   * @throws {SwitchRefusedError} another version serves, or somebody else verifies it at the moment.
   * @throws {RebuildFailedError}
   */
  async verify(
    projection: Projection,
    signal: AbortSignal,
    onProgress?: (progress: BuildProgress) => void,
  ): Promise<Verification> {
    return await this.#alone(projection.name, async () => {
      const rows = await this.#checkpoints.all();
      assertServes(
        projection,
        rows.find(({ name, serving }) => serving && name === projection.name),
      );
      let verification: Verification;
      try {
        await this.rebuild([projection], VERIFY, signal, onProgress);
        verification = await this.#compare(projection, signal);
      } catch (error) {
        await this.#dropWhenThere(projection, VERIFY).catch((failure: unknown) => {
          this.options.log?.warn(
            {
              projection: projection.name,
              build: buildName(projection.version, VERIFY),
              error: messageOf(failure),
            },
            'a second set of tables was left behind: the next verification or a drop removes it',
          );
        });
        throw error;
      }
      await this.#dropWhenThere(projection, VERIFY);
      return verification;
    });
  }

  /** Two of the same projection at once would work on the same second set. */
  async #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const client = await this.options.pool.connect();
    try {
      const { rows } = await client.query<{ alone: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS alone',
        [`projection verify ${name}`],
      );
      if (rows[0]?.alone !== true)
        throw new SwitchRefusedError(
          `${name} is being verified by somebody else: try again when that is done`,
        );
      return await work();
    } finally {
      // The lock is the session's.
      client.release(true);
    }
  }

  /** A lease that was not given back, by a process that was killed or cut off, is over soon. */
  async #dropWhenThere(projection: Projection, purpose: string): Promise<void> {
    const { name } = projection;
    const build = buildName(projection.version, purpose);
    if (await this.#row({ name, build }))
      await patiently(
        name,
        ({ mayPass }) => mayPass,
        () => this.#switch.drop(name, build),
      );
  }

  /** With both sets after the same event: the serving one is held there, and the other one brought to it. */
  async #compare(projection: Projection, signal: AbortSignal): Promise<Verification> {
    const until = Date.now() + VERIFY_PAUSE_MS_MAX;
    for (;;) {
      signal.throwIfAborted();
      const verification = await inTransaction(this.options.pool, (client) =>
        this.#cancelled(client, projection.name, signal, () =>
          this.#compareHeld(client, projection, signal),
        ),
      );
      if (verification) return verification;
      if (Date.now() > until)
        throw new SwitchRefusedError(
          `${projection.name} is behind its rebuild: start a projector, and verify it when it has caught up`,
        );
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  }

  /** A statement under way ends with the signal, and what it holds is given up. */
  async #cancelled<T>(
    client: pg.PoolClient,
    name: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const cancel = (): void => {
      // Where it does not come through, the statement's time-out ends it.
      void this.#cancel(rows[0]?.pid).catch(() => undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (sqlState(error) !== QUERY_CANCELED) throw error;
      throw new SwitchRefusedError(
        `${name} is not compared within ${String(VERIFY_PAUSE_MS_MAX / 1_000)} s, for which its projector may wait: verify it on a copy of the database, or when less goes on`,
      );
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async #cancel(pid: number | undefined): Promise<void> {
    const client = await this.options.pool.connect();
    try {
      // A session is its user's, whichever role it works in.
      await client.query('SET ROLE NONE');
      await client.query('SELECT pg_cancel_backend($1)', [pid]);
    } finally {
      client.release(true);
    }
  }

  async #compareHeld(
    client: pg.PoolClient,
    projection: Projection,
    signal: AbortSignal,
  ): Promise<Verification | undefined> {
    const build = buildName(projection.version, VERIFY);
    for (const setting of ['statement_timeout', 'idle_in_transaction_session_timeout'])
      await client.query(`SET LOCAL ${setting} = ${String(VERIFY_PAUSE_MS_MAX)}`);
    await client.query('SET LOCAL enable_hashjoin = on');
    // The runner's lock NOWAIT fails from here on, and it tries again.
    const { rows } = await client.query<
      Pick<CheckpointRow, 'build' | 'version' | 'handled_position'>
    >(
      `SELECT c.build, c.version, c.handled_position FROM ledger.checkpoints c JOIN ledger.projections p USING (name, build)
       WHERE c.name = $1 FOR UPDATE OF c`,
      [projection.name],
    );
    const [serving] = rows;
    assertServes(projection, serving);
    const at = serving.handled_position;
    if (at === null || !(await this.#bringTo(projection, position(at), signal))) return undefined;
    const tables: TableComparison[] = [];
    for (const table of compileTables(projection).values())
      tables.push(...(await compareTable(client, table, serving.build, build)));
    return {
      projection: projection.name,
      build: serving.build,
      position: position(at),
      equal: tables.every(({ different }) => different === 0),
      tables,
    };
  }

  /** `false`: it is past that event already. */
  async #bringTo(projection: Projection, at: Position, signal: AbortSignal): Promise<boolean> {
    const consumer = this.#beside(projection, VERIFY);
    consumer.stopAfter = at;
    const runner = this.#run(consumer);
    try {
      for (;;) {
        signal.throwIfAborted();
        const row = await this.#row(consumer.id);
        const reached = row?.handled_position ?? -1n;
        if (reached >= at) return reached === at;
        await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
      }
    } finally {
      await runner.stop();
    }
  }

  #beside(projection: Projection, purpose: string): ProjectionConsumer {
    const { fillRowsRememberedMax } = this.options;
    return new ProjectionConsumer(projection, this.#checkpoints, this.#switch, {
      purpose,
      fillRowsRememberedMax,
    });
  }

  #run(...consumers: readonly ProjectionConsumer[]): ConsumerRunner {
    const runner = new ConsumerRunner(
      { ...this.options, checkpoints: this.#checkpoints },
      consumers,
    );
    runner.start();
    return runner;
  }

  async #row(id: Pick<ConsumerId, 'name' | 'build'>): Promise<CheckpointRow | undefined> {
    return (await this.#checkpoints.all()).find((row) => consumerLabel(row) === consumerLabel(id));
  }
}

/** @throws {SwitchRefusedError} tables of another version are not to be compared with those of this one. */
function assertServes(
  { name, version }: Projection,
  serving: Pick<CheckpointRow, 'build' | 'version'> | undefined,
): asserts serving {
  if (!serving)
    throw new SwitchRefusedError(
      `${name} serves nothing to compare with: start a projector, which fills it`,
    );
  if (serving.version !== version)
    throw new SwitchRefusedError(
      `${name} serves ${serving.build}, and this release makes v${String(version)}: verify it with the release that made ${serving.build}`,
    );
}

/**
 * Tried again while readers are in the way. In between they have as long to themselves as they may be held up.
 *
 * @param passes refusals after which it is tried again as well.
 */
async function patiently(
  name: string,
  passes: (refused: SwitchRefusedError) => boolean,
  work: () => Promise<void>,
): Promise<void> {
  const until = performance.now() + SWITCH_PATIENCE_MS;
  for (;;)
    try {
      await work();
      return;
    } catch (error) {
      const held = sqlState(error) === LOCK_NOT_AVAILABLE;
      if (!held && !(error instanceof SwitchRefusedError && passes(error))) throw error;
      if (performance.now() > until)
        throw held
          ? new SwitchRefusedError(
              `${name} is read or switched by others all the time: try again, or end what reads it for long (pg_stat_activity shows that)`,
            )
          : error;
      await new Promise((resolve) =>
        setTimeout(resolve, held ? SWITCH_LOCK_TIMEOUT_MS : POLL_INTERVAL_MS),
      );
    }
}

async function compareTable(
  client: pg.PoolClient,
  table: CompiledTable,
  serving: string,
  beside: string,
): Promise<TableComparison[]> {
  const pairs = [
    { name: table.name, of: tableName, columns: columnList(table.stored) },
    ...(table.history
      ? [
          {
            name: `${table.name}_history`,
            of: historyName,
            columns: columnList(historyColumns(table)),
          },
        ]
      : []),
  ];
  const compared: TableComparison[] = [];
  for (const { name, of, columns } of pairs) {
    const one = `SELECT ${columns} FROM ${qualified(of(table.name, serving))}`;
    const other = `SELECT ${columns} FROM ${qualified(of(table.name, beside))}`;
    const { rows } = await client.query<{ rows: bigint; different: bigint }>(
      `SELECT (SELECT count(*) FROM ${qualified(of(table.name, serving))}) AS rows,
         (SELECT count(*) FROM ((${one} EXCEPT ALL ${other}) UNION ALL (${other} EXCEPT ALL ${one})) d) AS different`,
    );
    compared.push({
      table: name,
      rows: Number(rows[0]?.rows ?? 0n),
      different: Number(rows[0]?.different ?? 0n),
    });
  }
  return compared;
}
