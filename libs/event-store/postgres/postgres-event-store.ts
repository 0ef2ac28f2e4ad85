import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type {
  AppendResult,
  CallOptions,
  ExpectedRevision,
  NewEvent,
  Position,
  ReadAllOptions,
  ReadStreamOptions,
  StoredEvent,
  SubscribeFilter,
  SubscribeOptions,
  SubscriptionItem,
} from '../index.js';
import {
  checkAppend,
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventStore,
  EventStoreUnavailableError,
  LEDGER_BEACON_STREAM,
  position,
  POSITION_MAX,
  PositionNotInLogError,
  PROGRESS_INTERVAL_MS,
  SUBSCRIPTION_BUFFER_EVENTS_MAX,
} from '../index.js';
import type { ConnectionOptions } from './connection.js';
import { clientConfig, cut, rolledBack, translated } from './connection.js';
import { COLUMNS, copyEvents } from './copied-events.js';
import { GroupWriter } from './group-writer.js';
import { LOG_CHANNEL, POLL_INTERVAL_MS, WakeUp } from './wake-up.js';

export const APPLICATION_NAME_DEFAULT = 'keyledger-log';
export const READ_CONNECTIONS_MAX = 4;
export const READ_CONNECTION_IDLE_MS = 30_000;
/** Events of one query. A subscription reads one ahead of its consumer: two of these are all it holds. */
export const READ_BATCH_EVENTS = SUBSCRIPTION_BUFFER_EVENTS_MAX / 2;
/** Large events make smaller batches: what one query is meant to bring at most. */
export const READ_BATCH_BYTES = 8 * 1024 * 1024;
/** From so many on, a subscription without filter reads them by `COPY`; fewer are quicker by a prepared statement. */
export const COPY_EVENTS_MIN = 100;
/** Positions that one query of a filtered subscription looks at. */
export const FILTER_WINDOW_POSITIONS = 20_000;
export const RESUBSCRIBE_DELAY_MS_FIRST = 50;
export const RESUBSCRIBE_DELAY_MS_MAX = 2_000;

/** A wake-up that is later than the poll behind it is of no use, and must not hold a connection. */
export const NOTIFY_TIMEOUT_MS = POLL_INTERVAL_MS;

export interface PostgresEventStoreOptions {
  readonly url: string;
  readonly applicationName?: string;
  /** A broken connection that was mended inside, for the log. */
  readonly warn?: (error: Error) => void;
}

type EventRow = [
  position: bigint,
  streamId: string,
  revision: bigint,
  id: string,
  type: string,
  data: string,
  metadata: string,
  storedAt: Date,
];

/**
 * The log in one PostgreSQL database (schema `log`, see `eventStoreMigrations`). A position is dense and given in commit
 * order: a reader that has seen position n has seen all before it, whatever other transactions are open.
 */
export class PostgresEventStore extends EventStore {
  readonly description: string;
  private readonly writer: GroupWriter;
  private readonly readers: pg.Pool;
  private readonly wakeUp: WakeUp;
  private readonly warn: (error: Error) => void;
  private readonly closing = new AbortController();
  /** Ends a read that is on its way. */
  private readonly calls = new Set<(why: string) => void>();

  constructor(options: PostgresEventStoreOptions) {
    super();
    const connection: ConnectionOptions = {
      url: options.url,
      applicationName: options.applicationName ?? APPLICATION_NAME_DEFAULT,
    };
    const { hostname, port, pathname } = new URL(options.url);
    this.description = `postgres://${hostname}:${port || '5432'}${pathname}`;
    this.warn = options.warn ?? (() => undefined);
    this.wakeUp = new WakeUp(connection, () => {
      this.query(NOTIFY, { timeoutMs: NOTIFY_TIMEOUT_MS }).catch((error: unknown) => {
        if (!this.closing.signal.aborted) this.warn(error as Error);
      });
    });
    this.writer = new GroupWriter(connection, () => {
      this.wakeUp.stored();
    });
    this.readers = new pg.Pool({
      // They write nothing but a NOTIFY, which otherwise waits for the disk as an append does.
      ...clientConfig(connection, { synchronous_commit: 'off' }),
      max: READ_CONNECTIONS_MAX,
      idleTimeoutMillis: READ_CONNECTION_IDLE_MS,
      allowExitOnIdle: true,
    });
    this.readers.on('error', this.warn);
    // While a connection is taken, the pool does not listen for its end.
    this.readers.on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Call once before serving.
   *
   * @throws {UnfitServerError} the server may lose what it acknowledges, is a standby, or has no log: do not start.
   * @throws {EventStoreUnavailableError} not now; each later call tries again.
   */
  async verify(): Promise<void> {
    await this.writer.verify();
  }

  async append(
    streamId: string,
    expectedRevision: ExpectedRevision,
    events: readonly NewEvent[],
    options: CallOptions = {},
  ): Promise<AppendResult> {
    const bytes = checkAppend(streamId, expectedRevision, events);
    if (events.length > 0)
      return this.writer.append(streamId, expectedRevision, events, bytes, options);
    const revision = expectedRevision === 'noStream' ? -1n : expectedRevision;
    return { revision, position: (await this.head(options)) ?? position(0n) };
  }

  async *readStream(streamId: string, options: ReadStreamOptions = {}): AsyncIterable<StoredEvent> {
    const backwards = options.direction === 'backwards';
    const from = options.from ?? (backwards ? POSITION_MAX : 0n);
    yield* this.pages(options, from, (event) => event.revision, {
      name: backwards ? 'read_stream_back' : 'read_stream',
      text: `SELECT ${COLUMNS} FROM log.events WHERE stream_id = $1 AND revision ${backwards ? '<=' : '>='} $2 ORDER BY revision ${backwards ? 'DESC' : 'ASC'} LIMIT $3`,
      values: [streamId],
    });
  }

  async *readAll(options: ReadAllOptions = {}): AsyncIterable<StoredEvent> {
    const backwards = options.direction === 'backwards';
    const from = backwards ? (options.from ?? POSITION_MAX) - 1n : (options.from ?? 0n);
    yield* this.pages(options, from, (event) => event.position, {
      name: backwards ? 'read_all_back' : 'read_all',
      text: `SELECT ${COLUMNS} FROM log.events WHERE position ${backwards ? '<=' : '>='} $1 ORDER BY position ${backwards ? 'DESC' : 'ASC'} LIMIT $2`,
      values: [],
    });
  }

  async *subscribeAll(options: SubscribeOptions = {}): AsyncIterable<SubscriptionItem> {
    this.assertOpen();
    const signal = options.signal
      ? AbortSignal.any([options.signal, this.closing.signal])
      : this.closing.signal;
    const at: Cursor = {
      position: options.after ?? position(0n),
      filter: options.filter,
      rows: READ_BATCH_EVENTS,
    };
    const unfollow = this.wakeUp.follow();
    let delayMs = RESUBSCRIBE_DELAY_MS_FIRST;
    try {
      while (!signal.aborted)
        try {
          for await (const batch of this.live(at, signal)) {
            delayMs = RESUBSCRIBE_DELAY_MS_FIRST;
            for (const event of batch.events) {
              if (isAborted(signal)) return;
              at.position = event.position;
              yield { kind: 'event', event };
            }
            at.position = batch.upTo;
            at.rows = batch.rowsNext;
            if (batch.progress) yield { kind: 'progress', position: batch.upTo };
          }
        } catch (error) {
          // The consumer's own errors never come here: a generator's yield throws nothing into it.
          if (isAborted(signal)) return;
          if (!(error instanceof EventStoreUnavailableError)) throw error;
          this.warn(error);
          await delay(delayMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(
            () => undefined,
          );
          delayMs = Math.min(delayMs * 2, RESUBSCRIBE_DELAY_MS_MAX);
        }
    } finally {
      unfollow();
    }
  }

  async barrier(options: CallOptions = {}): Promise<Position> {
    // On the primary, what was acknowledged to anybody is visible to every snapshot taken after that.
    const [row] = await this.query<[bigint | null, boolean]>(
      {
        name: 'barrier',
        text: 'SELECT max(position), pg_is_in_recovery() FROM log.events',
        values: [],
      },
      options,
    );
    if (!row || row[1]) throw new EventStoreUnavailableError('the server is not the primary');
    return position(row[0] ?? 0n);
  }

  async head(options: CallOptions = {}): Promise<Position | undefined> {
    const [row] = await this.query<[bigint | null]>(
      { name: 'head', text: 'SELECT max(position) FROM log.events', values: [] },
      options,
    );
    return row?.[0] == null ? undefined : position(row[0]);
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    this.wakeUp.close();
    for (const interrupt of this.calls) interrupt('the store is closed');
    await this.writer.close();
    await this.readers.end();
  }

  /** From the cursor to the head, and on, until the signal aborts; who takes a batch moves the cursor to its end. */
  private async *live(at: Cursor, signal: AbortSignal): AsyncIterable<LiveBatch> {
    let said: Position | undefined;
    let saidAtMs = performance.now();
    let tick = this.wakeUp.tick;
    let next: Promise<Batch> = this.batch(at, signal);
    // A batch that is not awaited yet may fail: its error is met where it is awaited.
    next.catch(() => undefined);
    try {
      while (!signal.aborted) {
        const batch: Batch = await next;
        const more = batch.upTo < batch.head;
        if (more) {
          next = this.batch(
            { filter: at.filter, position: batch.upTo, rows: batch.rowsNext, head: batch.head },
            signal,
          );
          next.catch(() => undefined);
        }
        const due = !more || performance.now() - saidAtMs >= PROGRESS_INTERVAL_MS;
        const progress = due && batch.upTo !== said && batch.upTo > 0n;
        if (progress) {
          said = batch.upTo;
          saidAtMs = performance.now();
        }
        yield { ...batch, progress };
        if (more) continue;
        await this.wakeUp.after(tick, signal);
        tick = this.wakeUp.tick;
        next = this.batch(at, signal);
        next.catch(() => undefined);
      }
    } finally {
      await next.catch(() => undefined);
    }
  }

  /** The next events after the cursor. `more`: the head was not reached. */
  private async batch(at: Cursor, signal: AbortSignal): Promise<Batch> {
    const call = { signal };
    const window = at.filter ? FILTER_WINDOW_POSITIONS : at.rows;
    let { head } = at;
    if (head === undefined || at.position + BigInt(window) > head) {
      head = (await this.head(call)) ?? position(0n);
      // The log never shrinks: it is another one, or one from before this position.
      if (at.position < 0n || at.position > head) throw new PositionNotInLogError(at.position);
    }
    if (at.position === head) return { events: [], upTo: head, head, rowsNext: at.rows };
    const end = position(at.position + BigInt(window) < head ? at.position + BigInt(window) : head);
    const asked = end - at.position;
    if (!at.filter && asked >= BigInt(COPY_EVENTS_MIN)) {
      const events = await this.call(call, (client) => copyEvents(client, at.position, end));
      if (BigInt(events.length) !== asked) throw new PositionNotInLogError(at.position);
      return { events, upTo: end, head, rowsNext: rowsFor(events.length, events.bytes) };
    }
    const rows = await this.query<EventRow>(
      {
        name: at.filter ? 'subscribe_filtered' : 'subscribe',
        text: `SELECT ${COLUMNS} FROM log.events WHERE position > $1 AND position <= $2${
          at.filter
            ? ` AND (stream_id = '${LEDGER_BEACON_STREAM}' OR stream_id ^@ ANY ($4::text[]))`
            : ''
        } ORDER BY position LIMIT $3`,
        values: [at.position, end, at.rows, ...(at.filter ? [at.filter.streamPrefixes] : [])],
      },
      call,
    );
    const events = rows.map(storedEvent);
    const last = events.at(-1);
    const upTo = last && events.length === at.rows ? last.position : end;
    if (!at.filter && BigInt(events.length) !== asked) throw new PositionNotInLogError(at.position);
    return { events, upTo, head, rowsNext: rowsFor(events.length, charactersOf(events)) };
  }

  private async *pages(
    options: ReadStreamOptions | ReadAllOptions,
    from: bigint,
    placeOf: (event: StoredEvent) => bigint,
    query: Query,
  ): AsyncIterable<StoredEvent> {
    const step = options.direction === 'backwards' ? -1n : 1n;
    let left = options.maxCount ?? Infinity;
    let limit = READ_BATCH_EVENTS;
    while (left > 0 && from >= 0n) {
      const asked = Math.min(limit, left);
      const rows = await this.query<EventRow>(
        { ...query, values: [...query.values, from, asked] },
        options,
      );
      const events = rows.map(storedEvent);
      for (const event of events) {
        options.signal?.throwIfAborted();
        yield event;
        from = placeOf(event) + step;
      }
      if (events.length < asked) return;
      left -= events.length;
      limit = rowsFor(events.length, charactersOf(events));
    }
  }

  private async query<Row extends unknown[]>(query: Query, options: CallOptions): Promise<Row[]> {
    return this.call(options, async (client) => {
      const { rows } = await client.query<Row>({
        ...query,
        values: [...query.values],
        rowMode: 'array',
      });
      return rows;
    });
  }

  /** With a connection of its own; over when the time is, or the signal aborts. */
  private async call<Answer>(
    options: CallOptions,
    work: (client: pg.PoolClient) => Promise<Answer>,
  ): Promise<Answer> {
    const { timeoutMs = EVENT_STORE_TIMEOUT_MS_DEFAULT, signal } = options;
    signal?.throwIfAborted();
    this.assertOpen();
    let reject: (error: Error) => void = () => undefined;
    const interrupted = new Promise<never>((_, rejected) => {
      reject = rejected;
    });
    interrupted.catch(() => undefined);
    let taken: pg.PoolClient | undefined;
    const interrupt = (why: string) => {
      reject(new EventStoreUnavailableError(why));
      if (taken) cut(taken);
    };
    const abort = () => {
      interrupt('aborted');
    };
    const timer = setTimeout(interrupt, timeoutMs, `no answer within ${String(timeoutMs)} ms`);
    signal?.addEventListener('abort', abort, { once: true });
    this.calls.add(interrupt);
    let broken = true;
    try {
      const client = await this.reader(interrupted);
      taken = client;
      const answer = await Promise.race([interrupted, work(client)]);
      broken = false;
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      broken = !rolledBack(error);
      throw translated(error, 'nothing');
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.calls.delete(interrupt);
      taken?.release(broken);
    }
  }

  /** A connection, unless the call is over before there is one. */
  private async reader(interrupted: Promise<never>): Promise<pg.PoolClient> {
    const pending = this.readers.connect();
    try {
      return await Promise.race([interrupted, pending]);
    } catch (error) {
      pending.then(
        (late) => {
          late.release();
        },
        () => undefined,
      );
      throw error;
    }
  }

  private assertOpen(): void {
    if (this.closing.signal.aborted) throw new EventStoreUnavailableError('the store is closed');
  }
}

/** Asked again after each await, which the compiler does not know to change it. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

interface Query {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

const NOTIFY: Query = { name: 'notify', text: `NOTIFY ${LOG_CHANNEL}`, values: [] };

interface Cursor {
  position: Position;
  readonly filter: SubscribeFilter | undefined;
  /** Of the next query. */
  rows: number;
  /** As last seen on this connection. */
  head?: Position;
}

interface Batch {
  readonly events: Iterable<StoredEvent>;
  readonly upTo: Position;
  /** As last seen; when `upTo` is before it there is more to read. */
  readonly head: Position;
  readonly rowsNext: number;
}

interface LiveBatch extends Batch {
  /** Whether to say that all up to its end was delivered. */
  readonly progress: boolean;
}

function storedEvent(row: EventRow): StoredEvent {
  return {
    id: row[3],
    type: row[4],
    data: row[5],
    metadata: row[6],
    streamId: row[1],
    revision: row[2],
    position: position(row[0]),
    storedAt: row[7],
  };
}

/** As many as bring `READ_BATCH_BYTES` when events stay as large as those that were read. */
function rowsFor(events: number, bytes: number): number {
  if (events === 0) return READ_BATCH_EVENTS;
  return Math.max(1, Math.min(READ_BATCH_EVENTS, Math.floor(READ_BATCH_BYTES / (bytes / events))));
}

function charactersOf(events: readonly StoredEvent[]): number {
  return events.reduce((sum, event) => sum + event.data.length + event.metadata.length, 0);
}
