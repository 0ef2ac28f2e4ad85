import type pg from 'pg';
import type { EventStore } from '#event-store';
import type { Clock } from '#kernel';
import type { ConsumerKind } from '../checkpoints/checkpoints.js';
import { Checkpoints } from '../checkpoints/checkpoints.js';
import type { Process, Projection } from '../projection.js';
import type { ConsumerStatus } from '../checkpoints/status.js';
import { failureText, redWhenUnattended, statusesOf } from '../checkpoints/status.js';

export interface ProjectionWatchOptions {
  /** Any that may read `ledger`, with `bigint` as JS bigints. */
  readonly pool: pg.Pool;
  readonly store: Pick<EventStore, 'head'>;
  readonly clock: Clock;
  readonly projections: readonly Pick<Projection, 'name' | 'version'>[];
  readonly processes?: readonly Pick<Process, 'name'>[];
}

/** What a process that runs no projection itself says of those that it needs: failed ones and those that nobody runs. */
export class ProjectionWatch {
  readonly #startedAt = performance.now();

  constructor(readonly options: ProjectionWatchOptions) {}

  /** One for each that is needed: of a projection the build that serves, before there is one the newest. */
  async statuses(): Promise<ConsumerStatus[]> {
    const { pool, store, clock, projections, processes = [] } = this.options;
    const head = await store.head().catch(() => undefined);
    const known = statusesOf(await new Checkpoints(pool).all(), clock.now(), head);
    const needed = (name: string, kind: ConsumerKind, version: number): ConsumerStatus => {
      const builds = known.filter((one) => one.name === name && one.kind === kind);
      const serving = builds.find((one) => one.serving);
      if (serving && kind === 'projection' && serving.version < version)
        return stillFilled(
          builds.find((one) => one.version === version) ?? neverRun(name, kind, version),
          serving,
        );
      const status = serving ?? builds.at(-1) ?? neverRun(name, kind, version);
      return redWhenUnattended(status, performance.now() - this.#startedAt);
    };
    return [
      ...projections.map(({ name, version }) => needed(name, 'projection', version)),
      ...processes.map(({ name }) => needed(name, 'process', 1)),
    ];
  }

  /** Nothing when all is well; else one line for each that somebody has to look at. */
  async problems(): Promise<string[]> {
    return (await this.statuses()).filter(({ ready }) => !ready).map(failureText);
  }
}

/** What this release reads may not be in the tables of an older version: until the switch, others had better be asked. */
function stillFilled(status: ConsumerStatus, { build }: ConsumerStatus): ConsumerStatus {
  const message = `this release reads it, and ${build} serves until it is filled`;
  return { ...status, ready: false, failure: status.failure ?? { message } };
}

function neverRun(name: string, kind: ConsumerKind, version: number): ConsumerStatus {
  return {
    name,
    build: kind === 'process' ? 'process' : `v${String(version)}`,
    version,
    kind,
    serving: false,
    state: 'unattended',
    ready: true,
    position: undefined,
    lag: { events: 0, seconds: 0 },
  };
}
