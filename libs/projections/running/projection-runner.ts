import type pg from 'pg';
import { Checkpoints } from '../checkpoints/checkpoints.js';
import { LogTimesConsumer } from './log-times-consumer.js';
import { ProcessConsumer } from './process-consumer.js';
import { ProjectionConsumer } from './projection-consumer.js';
import { ProjectionSwitch } from '../checkpoints/projection-switch.js';
import type { Process, Projection } from '../projection.js';
import type { RunnerOptions } from './runner.js';
import { ConsumerRunner } from './runner.js';

export interface ProjectionRunnerOptions extends Omit<RunnerOptions, 'checkpoints'> {
  /** From `createRunnerPool`: its sessions give up their locks when this process stands still. */
  readonly pool: pg.Pool;
  /** Of each table, while it is filled; default: `FILL_ROWS_REMEMBERED_MAX`. */
  readonly fillRowsRememberedMax?: number;
}

/**
 * Keeps projections up to date, exactly once: rows and checkpoint change in one transaction, and only for the one runner
 * that holds the lease. Any number of runners may be started; the others stand by.
 *
 * - A failing event stops its projection only; nothing is skipped; a restart or `resume` tries it again.
 * - A new version fills its own tables and is switched to once it is at or past the one that serves.
 */
export class ProjectionRunner extends ConsumerRunner {
  constructor(options: ProjectionRunnerOptions, projections: readonly Projection[]) {
    const checkpoints = new Checkpoints(options.pool);
    const switcher = new ProjectionSwitch(options.pool);
    super({ ...options, checkpoints }, [
      new LogTimesConsumer(checkpoints),
      ...projections.map(
        (projection) =>
          new ProjectionConsumer(projection, checkpoints, switcher, {
            fillRowsRememberedMax: options.fillRowsRememberedMax,
          }),
      ),
    ]);
  }
}

/** Runs processes: in order, at least once, one runner at a time. One that fails again and again stops and turns red. */
export class ProcessRunner extends ConsumerRunner {
  constructor(options: ProjectionRunnerOptions, processes: readonly Process[]) {
    const checkpoints = new Checkpoints(options.pool);
    super(
      { ...options, checkpoints },
      processes.map((process) => new ProcessConsumer(process, checkpoints)),
    );
  }
}
