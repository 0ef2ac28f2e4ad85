import type { Position } from '#event-store';
import type { CheckpointRow, ConsumerId } from '../checkpoints/checkpoints.js';
import { Checkpoints, consumerLabel } from '../checkpoints/checkpoints.js';
import { LOCK_NOT_AVAILABLE, messageOf, sqlState } from '../database-errors.js';
import {
  BUILDS_POLL_INTERVAL_MS,
  REBUILD_POLL_INTERVAL_MS,
  SWITCH_LOCK_TIMEOUT_MS,
  SWITCH_PATIENCE_MS,
} from '../limits.js';
import { ProjectionConsumer } from '../running/projection-consumer.js';
import type { ProjectionRunnerOptions } from '../running/projection-runner.js';
import { ProjectionSwitch } from '../checkpoints/projection-switch.js';
import type { Verification } from './projection-verification.js';
import { assertServes, ProjectionVerification, VERIFY_PURPOSE } from './projection-verification.js';
import type { Projection } from '../projection.js';
import { RebuildFailedError, SwitchRefusedError } from '../projections.errors.js';
import { ConsumerRunner } from '../running/runner.js';
import type { ConsumerStatus } from '../checkpoints/status.js';
import { failureText, statusesOf } from '../checkpoints/status.js';
import { buildName } from '../tables/table-schema.js';

export interface BuildProgress {
  /** Of the one that is farthest behind. */
  readonly lagEvents: number;
}

/** Rebuilds beside what serves, verifies, switches, rolls back and drops: what an operator does with builds. */
export class ProjectionBuilds {
  readonly #checkpoints: Checkpoints;
  readonly #switch: ProjectionSwitch;
  readonly #verification: ProjectionVerification;

  constructor(readonly options: ProjectionRunnerOptions) {
    this.#checkpoints = new Checkpoints(options.pool);
    this.#switch = new ProjectionSwitch(options.pool);
    this.#verification = new ProjectionVerification(options.pool, (projection, at, signal) =>
      this.#bringTo(projection, at, signal),
    );
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
        const waitMs = lagEvents === 0 ? BUILDS_POLL_INTERVAL_MS : REBUILD_POLL_INTERVAL_MS;
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
        await this.rebuild([projection], VERIFY_PURPOSE, signal, onProgress);
        verification = await this.#verification.compare(projection, signal);
      } catch (error) {
        await this.#dropWhenThere(projection, VERIFY_PURPOSE).catch((failure: unknown) => {
          this.options.log?.warn(
            {
              projection: projection.name,
              build: buildName(projection.version, VERIFY_PURPOSE),
              error: messageOf(failure),
            },
            'a second set of tables was left behind: the next verification or a drop removes it',
          );
        });
        throw error;
      }
      await this.#dropWhenThere(projection, VERIFY_PURPOSE);
      return verification;
    });
  }

  /** Two of the same projection at once would work on the same second set. */
  async #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const client = await this.options.pool.connect();
    const lock = [`projection verify ${name}`];
    try {
      const { rows } = await client.query<{ alone: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS alone',
        lock,
      );
      if (rows[0]?.alone !== true)
        throw new SwitchRefusedError(
          `${name} is being verified by somebody else: try again when that is done`,
        );
      try {
        return await work();
      } finally {
        // The session's end gives it back, too, but at a moment of the server's choosing: whoever verifies next is refused until then.
        await client
          .query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', lock)
          .catch(() => undefined);
      }
    } finally {
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

  /** `false`: it is past that event already. */
  async #bringTo(projection: Projection, at: Position, signal: AbortSignal): Promise<boolean> {
    const consumer = this.#beside(projection, VERIFY_PURPOSE);
    consumer.stopAfter = at;
    const runner = this.#run(consumer);
    try {
      for (;;) {
        signal.throwIfAborted();
        const row = await this.#row(consumer.id);
        const reached = row?.handled_position ?? -1n;
        if (reached >= at) return reached === at;
        await new Promise((resolve) => setTimeout(resolve, BUILDS_POLL_INTERVAL_MS));
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
        setTimeout(resolve, held ? SWITCH_LOCK_TIMEOUT_MS : BUILDS_POLL_INTERVAL_MS),
      );
    }
}
