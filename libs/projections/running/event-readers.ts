import type pg from 'pg';
import type { EventCatalogue } from '#event-store';
import { DomainError } from '#kernel';
import {
  READER_FORGOTTEN_AFTER_MS,
  READER_GONE_AFTER_MS,
  READER_HEARTBEAT_INTERVAL_MS,
  UPGRADE_CHECK_CACHE_MS,
} from '../limits.js';
import type { ProjectionsErrorCode } from '../projections.errors.js';

interface Reader {
  readonly reader: string;
  readonly types: Readonly<Record<string, number>>;
}

/**
 * Readers are upgraded first: every process that reads the log says which event types and versions it knows, and a
 * writer asks before it appends one.
 */
export class EventReaders {
  #timer: NodeJS.Timeout | undefined;
  #known: { readonly readers: readonly Reader[]; readonly until: number } | undefined;

  constructor(
    readonly pool: pg.Pool,
    readonly catalogue: EventCatalogue,
    /** Unique to this process. */
    readonly reader: string,
  ) {}

  /** Registers this process and goes on saying that it is alive. Forgets those that crashed long ago. */
  async start(): Promise<void> {
    await this.#beat();
    await this.pool.query(
      `DELETE FROM ledger.event_readers
       WHERE seen_at < clock_timestamp() - interval '${String(READER_FORGOTTEN_AFTER_MS)} milliseconds'`,
    );
    this.#timer = setInterval(() => {
      // The next beat comes soon; only several that fail in a row make a reader look gone.
      void this.#beat().catch(() => undefined);
    }, READER_HEARTBEAT_INTERVAL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.pool.query('DELETE FROM ledger.event_readers WHERE reader = $1', [this.reader]);
  }

  /** Whether a live reader does not know this version of this type yet. */
  async upgradePending(type: string, version: number): Promise<boolean> {
    return (await this.#readers()).some(({ types }) => (types[type] ?? 0) < version);
  }

  /** Serves as `UpgradeGate` of `#messaging`. @throws {DomainError} 503 `event-store/upgrade-pending`. */
  async assertReadable(
    versions: readonly { readonly type: string; readonly version: number }[],
  ): Promise<void> {
    for (const { type, version } of versions)
      if (await this.upgradePending(type, version))
        throw new DomainError('event-store/upgrade-pending' satisfies ProjectionsErrorCode, {
          type,
          version,
        });
  }

  async #readers(): Promise<readonly Reader[]> {
    if (this.#known && this.#known.until > Date.now()) return this.#known.readers;
    const { rows } = await this.pool.query<Reader>(
      `SELECT reader, types FROM ledger.event_readers
       WHERE seen_at > clock_timestamp() - interval '${String(READER_GONE_AFTER_MS)} milliseconds'`,
    );
    this.#known = { readers: rows, until: Date.now() + UPGRADE_CHECK_CACHE_MS };
    return rows;
  }

  async #beat(): Promise<void> {
    const types = Object.fromEntries(
      this.catalogue.types().map(({ type, definition }) => [type, definition.version]),
    );
    await this.pool.query(
      `INSERT INTO ledger.event_readers (reader, types, seen_at) VALUES ($1, $2, clock_timestamp())
       ON CONFLICT (reader) DO UPDATE SET types = excluded.types, seen_at = excluded.seen_at`,
      [this.reader, JSON.stringify(types)],
    );
  }
}
