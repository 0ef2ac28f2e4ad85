import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DomainEvent } from '#kernel';
import { Clock } from '#kernel';
import { EventCatalogue, ledgerEvents, openLedger } from '#event-store';
import type { EventStore, Position } from '#event-store';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import { migrate } from '#platform/postgres';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import type { Projection } from '../projection.js';
import { projectionsMigrations } from '../migrations/index.js';
import { PostgresReadModels } from '../reading/postgres-read-models.js';
import type { ProjectionRunnerOptions } from '../running/projection-runner.js';
import { ProjectionRunner } from '../running/projection-runner.js';
import { createRunnerPool } from '../checkpoints/runner-pool.js';
import { TestPatience } from './test-patience.js';

export const WAIT_MS_MAX = 40_000;
const WAIT_STEP_MS = 10;

export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}

export type Counted = DomainEvent<
  'Counted',
  { readonly id: number; readonly by: number; readonly note?: string }
>;
export type Removed = DomainEvent<'Removed', { readonly id: number }>;
export type Elsewhere = DomainEvent<'Elsewhere'>;

export const FIXTURE_EVENTS = {
  Counted: { version: 1, retention: 'governance' },
  Removed: { version: 1, retention: 'governance' },
  Elsewhere: { version: 1, retention: 'traffic' },
} as const;

export const fixtureCatalogue = (): EventCatalogue =>
  new EventCatalogue(ledgerEvents, FIXTURE_EVENTS);

/** One row an id, with the sum; one row an event; sums of versions above 1 count double. */
export function counts(version = 1, change: Partial<Projection> = {}): Projection {
  return {
    name: 'counts',
    version,
    handles: ['Counted', 'Removed'],
    tables: {
      counts: {
        columns: {
          id: 'integer',
          total: 'bigint',
          last_at: 'timestamptz',
          notes: 'text[]',
          first_event: 'jsonb',
          ...(version > 1 ? { doubled: 'boolean' as const } : {}),
        },
        key: ['id'],
        indexes: [{ columns: ['total'] }],
        history: true,
      },
      count_events: {
        columns: { position: 'bigint', event_id: 'uuid', note: 'text null' },
        key: ['position'],
      },
    },
    apply: (event) => {
      const data = event.data as Counted['data'];
      const key = { id: data.id };
      if (event.type === 'Removed') return [{ table: 'counts', key, change: () => null }];
      return [
        {
          table: 'counts',
          key,
          change: (before) => ({
            total: ((before?.['total'] ?? 0n) as bigint) + BigInt(data.by * (version > 1 ? 2 : 1)),
            last_at: event.metadata.recordedAt,
            notes: [...((before?.['notes'] ?? []) as string[]), data.note ?? ''].slice(-2),
            first_event: before?.['first_event'] ?? {
              type: event.type,
              'a\tb\\': [data.note ?? null],
            },
            ...(version > 1 ? { doubled: true } : {}),
          }),
        },
        {
          table: 'count_events',
          insert: { position: event.position, event_id: event.id, note: data.note ?? null },
        },
      ];
    },
    ...change,
  };
}

export class EngineFixture {
  readonly catalogue = fixtureCatalogue();
  readonly clock = new SystemClock();
  readonly runners: ProjectionRunner[] = [];
  readonly pool: pg.Pool;
  readonly reads: PostgresReadModels;
  readonly patience = new TestPatience();
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly store: EventStore,
  ) {
    this.pool = this.newPool();
    this.reads = new PostgresReadModels(this.pool, { store, clock: this.clock }, this.patience);
  }

  static async start(
    store: EventStore = new MemoryEventStore(new MemoryLog()),
  ): Promise<EngineFixture> {
    const database = await testDatabase();
    await migrate(database.url, projectionsMigrations);
    await openLedger(store, { clock: new SystemClock() });
    return new EngineFixture(database, store);
  }

  /** Over a database and a log that are there already. */
  static on(database: TestDatabase, store: EventStore): EngineFixture {
    return new EngineFixture(database, store);
  }

  newPool(): pg.Pool {
    const pool = createRunnerPool({ connectionString: this.database.url });
    this.#closing.push(() => pool.end());
    return pool;
  }

  /** Started; stopped with the fixture. */
  runner(
    projections: readonly Projection[],
    store: EventStore = this.store,
    more: Partial<Pick<ProjectionRunnerOptions, 'fillRowsRememberedMax' | 'pool'>> = {},
  ): ProjectionRunner {
    const { catalogue, clock } = this;
    const runner = new ProjectionRunner(
      { store, catalogue, clock, pool: this.newPool(), ...more },
      projections,
    );
    this.runners.push(runner);
    runner.start();
    return runner;
  }

  async append(...events: readonly (Counted | Removed | Elsewhere)[]): Promise<Position> {
    return await appendEvents(this.store, this.catalogue, events);
  }

  async rows<R extends object>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> {
    const { rows } = await this.pool.query<R>(sql, [...parameters]);
    return rows;
  }

  /** As a restart of the server does to us. @returns how many there were. */
  async cutConnections(): Promise<number> {
    const admin = new pg.Client({ connectionString: this.database.adminUrl });
    await admin.connect();
    const { rowCount } = await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyledger projections' AND datname = current_database()",
    );
    await admin.end();
    return rowCount ?? 0;
  }

  async stop(): Promise<void> {
    for (const runner of this.runners) await runner.stop();
    for (const close of this.#closing) await close();
    await this.store.close();
    await this.database.drop();
  }
}

const APPEND_EVENTS_MAX = 500;

/** In a stream of its own. */
export async function appendEvents(
  store: EventStore,
  catalogue: EventCatalogue,
  events: readonly (Counted | Removed | Elsewhere)[],
): Promise<Position> {
  let last: Position | undefined;
  for (let from = 0; from < events.length; from += APPEND_EVENTS_MAX) {
    const { position } = await store.append(
      `counter-1-${randomUUID()}`,
      'noStream',
      events.slice(from, from + APPEND_EVENTS_MAX).map((event) => {
        const id = randomUUID();
        return catalogue.encode(id, event, {
          $correlationId: id,
          $causationId: id,
          commandId: id,
          requestHash: '',
          actor: { type: 'system', issuer: 'spec', subject: 'spec' },
          networkId: 1,
          recordedBy: 'spec',
          recordedAt: new Date().toISOString(),
          salt: '',
        });
      }),
    );
    last = position;
  }
  if (last === undefined) throw new Error('nothing to append');
  return last;
}

export const counted = (id: number, by = 1, note?: string): Counted => ({
  type: 'Counted',
  data: { id, by, ...(note === undefined ? {} : { note }) },
});

/** Waits for a condition, bounded; the last error or value is in the failure. */
export async function eventually<T>(
  look: () => Promise<T>,
  holds: (value: T) => boolean,
  withinMs = WAIT_MS_MAX,
): Promise<T> {
  const until = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (holds(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until)
      throw new Error(
        `not within ${String(withinMs)} ms, but: ${last instanceof Error ? String(last.stack) : JSON.stringify(last, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}`,
      );
    await new Promise((resolve) => setTimeout(resolve, WAIT_STEP_MS));
  }
}
