import type { INestApplicationContext } from '@nestjs/common';
import { accessProcesses } from '#access';
import { keysProcesses, keysSweeps } from '#keys';
import { HealthChecks } from '#platform/health';
import { Metrics } from '#platform/metrics';
import type { Process, RunnerLog } from '#projections';
import { createRunnerPool, failureText, ProcessRunner, ProjectionRunner } from '#projections';
import { eventCatalogue, projections } from '../composition/catalogue.js';
import type { Foundations } from '../composition/foundations.js';
import type { Sweep } from './sweeps.js';
import { Sweeps } from './sweeps.js';

export interface ProjectorStart {
  readonly foundations: Foundations;
  /** Holds the processes' dependencies. */
  readonly app: INestApplicationContext;
  readonly log: RunnerLog;
  readonly runnerId: string;
}

export interface Projector {
  stop(): Promise<void>;
}

/**
 * Projections and processes: whoever holds a lease runs it, any number of projectors may stand by. The application says
 * which events this process reads (`EventReaders`).
 */
export function startProjector({ foundations, app, log, runnerId }: ProjectorStart): Projector {
  const pool = createRunnerPool({
    connectionString: foundations.databaseUrl,
    onError: (error) => {
      log.warn({ error: error.message }, 'a connection of the projections broke');
    },
  });
  const options = {
    store: foundations.eventStore,
    catalogue: eventCatalogue,
    clock: foundations.clock,
    pool,
    runnerId,
    log,
  };
  const runners = [
    new ProjectionRunner(options, projections),
    new ProcessRunner(
      options,
      [...accessProcesses, ...keysProcesses].map((process) =>
        app.get<Process>(process, { strict: false }),
      ),
    ),
  ];
  const statuses = async () => (await Promise.all(runners.map((runner) => runner.status()))).flat();
  app.get(HealthChecks).register('projections', async () => {
    const red = (await statuses()).filter((status) => !status.ready);
    return red.length === 0 ? { up: true } : { up: false, detail: red.map(failureText).join('; ') };
  });
  const metrics = app.get(Metrics);
  metrics.gauge(
    'keyledger_projection_lag_events',
    'Events between the head of the log and what a projection or process has handled.',
    ['name', 'build'],
    async () =>
      (await statuses()).map(({ name, build, lag }) => ({
        labels: { name, build },
        value: lag.events,
      })),
  );
  metrics.gauge(
    'keyledger_projection_lag_seconds',
    'Age of what a projection or process has handled last, while it is behind.',
    ['name', 'build'],
    async () =>
      (await statuses()).map(({ name, build, lag }) => ({
        labels: { name, build },
        value: lag.seconds,
      })),
  );
  const sweeps = new Sweeps(
    keysSweeps.map((sweep) => app.get<Sweep>(sweep, { strict: false })),
    log,
  );
  for (const runner of runners) runner.start();
  sweeps.start();
  return {
    stop: async () => {
      await sweeps.stop();
      await Promise.all(runners.map((runner) => runner.stop()));
      await pool.end();
    },
  };
}
