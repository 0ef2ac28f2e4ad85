import pg from 'pg';
import {
  RUNNER_ANSWER_GRACE_MS,
  RUNNER_CONNECT_TIMEOUT_MS,
  RUNNER_CONNECTIONS_MAX,
  RUNNER_IDLE_IN_TRANSACTION_TIMEOUT_MS,
  RUNNER_STATEMENT_TIMEOUT_MS,
} from '../limits.js';

export const RUNTIME_ROLE = 'keyledger_runtime';

export interface RunnerPoolOptions {
  readonly connectionString: string;
  /** Default: `keyledger_runtime`; `null`: the user of the connection string. */
  readonly role?: string | null;
  readonly connectionsMax?: number;
  /** Of the server; an answer is waited for `RUNNER_ANSWER_GRACE_MS` longer. Default: `RUNNER_STATEMENT_TIMEOUT_MS`. */
  readonly statementTimeoutMs?: number;
  readonly answerGraceMs?: number;
  readonly onError?: (error: Error) => void;
}

const SESSION: Readonly<Record<string, string | number>> = {
  idle_in_transaction_session_timeout: RUNNER_IDLE_IN_TRANSACTION_TIMEOUT_MS,
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  // Rows and checkpoint are lost together in a crash, and made again from the log: no commit has to wait for the disk.
  synchronous_commit: 'off',
  TimeZone: 'UTC',
  // Rows are always looked up by a few thousand keys: on a table without statistics yet, a hash or merge join would read
  // all of it for every batch.
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  // Without statistics a plan looks dear enough to be compiled, which costs more than to run it.
  jit: 'off',
};

/** A transaction that needs longer tells the server so, and waits as much longer for its answers. */
const LONGER = /^SET LOCAL statement_timeout = (\d+)$/;
const END = /^(COMMIT|ROLLBACK)$/;

type Query = (...given: unknown[]) => unknown;

/**
 * Cuts its connection when an answer is late: the server's own time-out does not come through a network that loses
 * packets in silence. Where an answer may take long (an index build), it asks on another connection whether the server
 * still has this session. (`pg` has a time-out of its own, which knows one bound for all queries of a transaction.)
 */
function boundedClient(statementTimeoutMs: number, graceMs: number): typeof pg.Client {
  return class BoundedClient extends pg.Client {
    #unanswered = 0;
    #timer: NodeJS.Timeout | undefined;
    #allowedMs = statementTimeoutMs;

    constructor(private readonly given?: pg.ClientConfig) {
      super(given);
      const { connection } = this as unknown as { readonly connection: NodeJS.EventEmitter };
      // Each query has one, whether it succeeds or fails.
      connection.on('readyForQuery', () => {
        if (this.#unanswered > 0) this.#unanswered -= 1;
        this.#watch();
      });
      connection.on('end', () => {
        clearTimeout(this.#timer);
      });
      const query = this.query.bind(this) as Query;
      this.query = ((...given: unknown[]) => {
        this.#allow(given[0]);
        this.#unanswered += 1;
        if (this.#unanswered === 1) this.#watch();
        return query(...given);
      }) as typeof this.query;
    }

    #allow(text: unknown): void {
      if (typeof text !== 'string') return;
      const [, longerMs] = LONGER.exec(text) ?? [];
      if (longerMs !== undefined) this.#allowedMs = Number(longerMs);
      else if (END.test(text)) this.#allowedMs = statementTimeoutMs;
    }

    #watch(): void {
      clearTimeout(this.#timer);
      if (this.#unanswered > 0) this.#wait(performance.now() + this.#allowedMs + graceMs);
    }

    #wait(endsAtMs: number): void {
      const leftMs = endsAtMs - performance.now();
      const waitMs = Math.min(leftMs, statementTimeoutMs + graceMs);
      this.#timer = setTimeout(() => {
        if (leftMs <= waitMs) this.#cut();
        else void this.#lookAgain(endsAtMs);
      }, waitMs);
    }

    async #lookAgain(endsAtMs: number): Promise<void> {
      const timer = this.#timer;
      const lost = await this.#isLost();
      // Answered meanwhile.
      if (timer !== this.#timer || this.#unanswered === 0) return;
      if (lost) this.#cut();
      else this.#wait(endsAtMs);
    }

    async #isLost(): Promise<boolean> {
      const { processID } = this as unknown as { readonly processID: number };
      const other = new pg.Client({ ...this.given, query_timeout: statementTimeoutMs + graceMs });
      other.on('error', () => undefined);
      try {
        await other.connect();
        const { rowCount } = await other.query('SELECT FROM pg_stat_activity WHERE pid = $1', [
          processID,
        ]);
        return rowCount === 0;
      } catch {
        // Nothing comes through: the next look may tell.
        return false;
      } finally {
        other.end().catch(() => undefined);
      }
    }

    #cut(): void {
      (
        this as unknown as { readonly connection: { readonly stream: { destroy(): void } } }
      ).connection.stream.destroy();
    }
  };
}

/** Sessions that a stopped or cut-off process loses within seconds, with their locks. No answer is waited for without end. */
export function createRunnerPool(options: RunnerPoolOptions): pg.Pool {
  const role = options.role === undefined ? RUNTIME_ROLE : options.role;
  const statementTimeoutMs = options.statementTimeoutMs ?? RUNNER_STATEMENT_TIMEOUT_MS;
  const settings: Record<string, string | number> = {
    ...SESSION,
    statement_timeout: statementTimeoutMs,
    ...(role === null ? {} : { role }),
  };
  const pool = new pg.Pool({
    Client: boundedClient(statementTimeoutMs, options.answerGraceMs ?? RUNNER_ANSWER_GRACE_MS),
    connectionString: options.connectionString,
    max: options.connectionsMax ?? RUNNER_CONNECTIONS_MAX,
    connectionTimeoutMillis: RUNNER_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'keyledger projections',
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${String(value)}`)
      .join(' '),
    types: columnTypes(),
  });
  // A connection that breaks, idle or in use, is replaced by the pool; without listeners it would end the process.
  const onError = options.onError ?? (() => undefined);
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

const UTC_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,3})?\+00$/;

/** As these sessions write nearly all times; `undefined`: another form. */
function isoTime(text: string): string | undefined {
  const [, day, time, fraction = '.'] = UTC_TIME.exec(text) ?? [];
  return day === undefined || time === undefined
    ? undefined
    : `${day}T${time}${fraction.padEnd(4, '0')}Z`;
}

/** `int8` as bigint, `timestamptz` as ISO-8601. */
function columnTypes(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  const toDate = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as (text: string) => Date;
  types.setTypeParser(pg.types.builtins.INT8, BigInt);
  types.setTypeParser(
    pg.types.builtins.TIMESTAMPTZ,
    (text: string) => isoTime(text) ?? toDate(text).toISOString(),
  );
  return types;
}
