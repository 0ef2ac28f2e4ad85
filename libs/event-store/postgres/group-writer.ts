import { setImmediate as turn } from 'node:timers/promises';
import pg from 'pg';
import type { AppendResult, CallOptions, ExpectedRevision, NewEvent } from '../index.js';
import {
  AppendOutcomeUnknownError,
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventStoreUnavailableError,
  position,
  WrongExpectedRevisionError,
} from '../index.js';
import { int4Array, int8Array, textArray, uuidArray } from './binary-array.js';
import type { ConnectionOptions } from './connection.js';
import {
  assertFit,
  clientConfig,
  CONNECT_TIMEOUT_MS,
  cut,
  rolledBack,
  translated,
} from './connection.js';

/** Requests of one group. */
export const GROUP_REQUESTS_MAX = 512;
/** Bytes of one group, unless a single request is larger. */
export const GROUP_BYTES_MAX = 4 * 1024 * 1024;
/** Requests that wait for their group; more are refused. */
export const QUEUE_REQUESTS_MAX = 10_000;
/** What they hold together. */
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** For the server to take its leave. */
export const CLOSE_TIMEOUT_MS = 2_000;

interface Request {
  readonly streamId: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly NewEvent[];
  readonly bytes: number;
  state: 'queued' | 'sent' | 'settled';
  succeed(result: AppendResult): void;
  fail(error: Error): void;
}

interface OneRow {
  readonly at: bigint | null;
}

interface GroupRow {
  readonly head_before: bigint;
  readonly refused: readonly number[];
  readonly actual_revisions: readonly bigint[];
  readonly known_positions: readonly (bigint | null)[];
}

/**
 * One connection, one group at a time: what arrives while a group is on its way forms the next. The server commits a
 * group once, so its cost is shared; a request that fails, fails alone.
 */
export class GroupWriter {
  private queue: Request[] = [];
  private queuedBytes = 0;
  private running: Promise<void> | undefined;
  private client: pg.Client | undefined;
  private connecting: Promise<pg.Client> | undefined;
  private closed = false;

  constructor(
    private readonly connection: ConnectionOptions,
    private readonly stored: () => void,
  ) {}

  append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    bytes: number,
    { timeoutMs = EVENT_STORE_TIMEOUT_MS_DEFAULT, signal }: CallOptions,
  ): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw new EventStoreUnavailableError('the store is closed');
      if (signal?.aborted) throw new EventStoreUnavailableError('aborted before it was sent');
      if (
        this.queue.length >= QUEUE_REQUESTS_MAX ||
        (this.queue.length > 0 && this.queuedBytes + bytes > QUEUE_BYTES_MAX)
      )
        throw new EventStoreUnavailableError('too many appends are waiting');
      const settle = () => {
        request.state = 'settled';
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const give = (up: string) => {
        if (request.state === 'sent')
          request.fail(new AppendOutcomeUnknownError(`${up} before the answer came`));
        else {
          this.wait(this.queue.filter((other) => other !== request));
          request.fail(new EventStoreUnavailableError(`${up} before it was sent`));
        }
      };
      const abort = () => {
        give('aborted');
      };
      const timer = setTimeout(() => {
        give(`${String(timeoutMs)} ms were over`);
      }, timeoutMs);
      const request: Request = {
        streamId,
        expected,
        events,
        bytes,
        state: 'queued',
        succeed(result) {
          if (request.state === 'settled') return;
          settle();
          resolve(result);
        },
        fail(error) {
          if (request.state === 'settled') return;
          settle();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.queue.push(request);
      this.queuedBytes += bytes;
      this.running ??= this.run();
    });
  }

  /** Connects if need be, and asks the server whether it is fit. */
  async verify(): Promise<void> {
    await this.connected();
  }

  /** Waits for what is queued, then refuses. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
    await this.connecting?.catch(() => undefined);
    const { client } = this;
    this.client = undefined;
    if (!client) return;
    // A server that stands still never answers.
    const timer = setTimeout(() => {
      cut(client);
    }, CLOSE_TIMEOUT_MS);
    await client.end().catch(() => undefined);
    clearTimeout(timer);
  }

  private async run(): Promise<void> {
    // Callers of the same turn share a group.
    await Promise.resolve();
    while (this.queue.length > 0) {
      const group = this.nextGroup();
      await this.send(group);
      // Those that were just answered often append again: let them, so that they share the next group.
      if (group.length > 1) await turn();
    }
    this.running = undefined;
  }

  /** The oldest requests, at most one of a stream: a second one of the same stream meets the first's outcome. */
  private nextGroup(): Request[] {
    const group: Request[] = [];
    const rest: Request[] = [];
    const streams = new Set<string>();
    let bytes = 0;
    let full = false;
    for (const request of this.queue) {
      full ||=
        group.length >= GROUP_REQUESTS_MAX ||
        (group.length > 0 && bytes + request.bytes > GROUP_BYTES_MAX);
      if (full || streams.has(request.streamId)) {
        rest.push(request);
        continue;
      }
      streams.add(request.streamId);
      bytes += request.bytes;
      group.push(request);
    }
    this.wait(rest);
    return group;
  }

  private wait(queue: Request[]): void {
    this.queue = queue;
    this.queuedBytes = queue.reduce((sum, request) => sum + request.bytes, 0);
  }

  private async send(group: readonly Request[]): Promise<void> {
    let sent: 'append' | 'nothing' = 'nothing';
    let client: pg.Client | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      client = await this.connected();
      const live = group.filter((request) => request.state === 'queued');
      const [first] = live;
      if (!first) return;
      for (const request of live) request.state = 'sent';
      sent = 'append';
      const on = client;
      timer = setTimeout(() => {
        cut(on);
      }, EVENT_STORE_TIMEOUT_MS_DEFAULT);
      if (live.length === 1 && first.events.length === 1) await this.sendOne(client, first);
      else await this.sendGroup(client, live);
      this.stored();
    } catch (error) {
      const failure = translated(error, sent);
      for (const request of group) request.fail(failure);
      if (client && !rolledBack(error)) this.drop(client);
    } finally {
      clearTimeout(timer);
    }
  }

  private async sendOne(client: pg.Client, request: Request): Promise<void> {
    const expected = before(request);
    const [event] = request.events;
    if (!event) return;
    const { rows } = await client.query<OneRow>({
      name: 'append_one',
      text: 'SELECT log.append_one($1, $2, $3, $4, $5, $6) AS at',
      values: [
        request.streamId,
        String(expected),
        event.id,
        event.type,
        event.data,
        event.metadata,
      ],
    });
    const at = rows[0]?.at;
    if (at == null) await this.sendGroup(client, [request]);
    else request.succeed({ revision: expected + 1n, position: position(at) });
  }

  private async sendGroup(client: pg.Client, group: readonly Request[]): Promise<void> {
    const events: NewEvent[] = [];
    const firsts: number[] = [];
    const requests: number[] = [];
    for (const request of group) {
      firsts.push(events.length + 1);
      for (const event of request.events) {
        events.push(event);
        requests.push(firsts.length);
      }
    }
    const { rows } = await client.query<GroupRow>({
      name: 'append_group',
      text: 'SELECT head_before, refused, actual_revisions, known_positions FROM log.append_group($1, $2, $3, $4, $5, $6, $7, $8)',
      values: [
        textArray(group.map((request) => request.streamId)),
        int8Array(group.map(before)),
        int4Array(firsts),
        int4Array(requests),
        uuidArray(events.map((event) => event.id)),
        textArray(events.map((event) => event.type)),
        textArray(events.map((event) => event.data)),
        textArray(events.map((event) => event.metadata)),
      ],
    });
    const [row] = rows;
    if (!row) throw new AppendOutcomeUnknownError('PostgreSQL gave no answer to a group');
    const refused = new Map(row.refused.map((at, i) => [at, i]));
    let at = row.head_before;
    for (const [i, request] of group.entries()) {
      const revision = before(request) + BigInt(request.events.length);
      const refusal = refused.get(i + 1);
      if (refusal === undefined) {
        at += BigInt(request.events.length);
        request.succeed({ revision, position: position(at) });
        continue;
      }
      const known = row.known_positions[refusal];
      if (known != null) request.succeed({ revision, position: position(known) });
      else request.fail(conflict(request, row.actual_revisions[refusal] ?? -1n));
    }
  }

  private connected(): Promise<pg.Client> {
    if (this.client) return Promise.resolve(this.client);
    this.connecting ??= this.connect().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client(clientConfig(this.connection));
    // A connection that breaks between two groups: the next group makes another.
    client.on('error', () => {
      this.drop(client);
    });
    // The client's own time-out is over with the handshake; what is asked after it needs one too.
    const timer = setTimeout(() => {
      cut(client);
    }, CONNECT_TIMEOUT_MS);
    try {
      await client.connect();
      await assertFit(client);
    } catch (error) {
      cut(client);
      throw translated(error, 'nothing');
    } finally {
      clearTimeout(timer);
    }
    this.client = client;
    return client;
  }

  private drop(client: pg.Client): void {
    if (this.client === client) this.client = undefined;
    cut(client);
  }
}

/** The revision before the request's first event; -1 for a stream that does not exist yet. */
const before = (request: Request): bigint =>
  request.expected === 'noStream' ? -1n : request.expected;

const conflict = (request: Request, actual: bigint): WrongExpectedRevisionError =>
  new WrongExpectedRevisionError(
    request.streamId,
    request.expected,
    actual < 0n ? 'noStream' : actual,
  );
