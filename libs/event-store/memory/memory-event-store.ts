import type {
  AppendResult,
  CallOptions,
  ExpectedRevision,
  NewEvent,
  Position,
  ReadAllOptions,
  ReadStreamOptions,
  StoredEvent,
  SubscribeOptions,
  SubscriptionItem,
} from '../index.js';
import {
  checkAppend,
  EventStore,
  EventStoreUnavailableError,
  letsThrough,
  position,
  PositionNotInLogError,
  PROGRESS_INTERVAL_MS,
  WrongExpectedRevisionError,
} from '../index.js';

/** A log in this process's memory. Several stores on one log are several processes on one server. */
export class MemoryLog {
  /** The event at position n lies at n - 1. */
  readonly events: StoredEvent[] = [];
  readonly streams = new Map<string, StoredEvent[]>();
  private readonly waiting = new Set<() => void>();

  get head(): Position {
    return position(BigInt(this.events.length));
  }

  append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    storedAt: Date,
  ): AppendResult {
    const first = expected === 'noStream' ? 0 : Number(expected) + 1;
    if (events.length === 0) return { revision: BigInt(first) - 1n, position: this.head };
    const stream = this.streams.get(streamId) ?? [];
    if (stream.length !== first) {
      const last = stream[first + events.length - 1];
      if (last && events.every((event, i) => stream[first + i]?.id === event.id))
        return { revision: last.revision, position: last.position };
      const actual = stream.length === 0 ? 'noStream' : BigInt(stream.length) - 1n;
      throw new WrongExpectedRevisionError(streamId, expected, actual);
    }
    for (const { id, type, data, metadata } of events) {
      const stored: StoredEvent = {
        id,
        type,
        data,
        metadata,
        streamId,
        revision: BigInt(stream.length),
        position: position(this.head + 1n),
        storedAt,
      };
      stream.push(stored);
      this.events.push(stored);
    }
    this.streams.set(streamId, stream);
    this.wake();
    return { revision: BigInt(stream.length) - 1n, position: this.head };
  }

  wake(): void {
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }

  /** Until something was appended, `wake` was called or the signal aborts. */
  async moved(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const resume = () => {
        this.waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.waiting.add(resume);
      signal.addEventListener('abort', resume);
    });
  }
}

/** Nothing outlives the process. For tests and tools: the semantics are those of the other adapters. */
export class MemoryEventStore extends EventStore {
  readonly description = 'memory';
  private readonly closing = new AbortController();

  constructor(private readonly log: MemoryLog = new MemoryLog()) {
    super();
  }

  append(
    streamId: string,
    expectedRevision: ExpectedRevision,
    events: readonly NewEvent[],
    options: CallOptions = {},
  ): Promise<AppendResult> {
    return new Promise((resolve) => {
      checkAppend(streamId, expectedRevision, events);
      this.assertOpen(options.signal);
      resolve(this.log.append(streamId, expectedRevision, events, new Date()));
    });
  }

  async *readStream(streamId: string, options: ReadStreamOptions = {}): AsyncIterable<StoredEvent> {
    await this.call(options.signal);
    const stream = this.log.streams.get(streamId) ?? [];
    const backwards = options.direction === 'backwards';
    const end = stream.length - 1;
    const from =
      options.from === undefined
        ? backwards
          ? end
          : 0
        : Number(min(options.from, BigInt(end + 1)));
    yield* this.walk(stream, backwards ? Math.min(from, end) : from, end, options);
  }

  async *readAll(options: ReadAllOptions = {}): AsyncIterable<StoredEvent> {
    await this.call(options.signal);
    const { events, head } = this.log;
    const from =
      options.direction === 'backwards'
        ? Number(options.from === undefined ? head : min(options.from - 1n, head)) - 1
        : Number(options.from === undefined ? 0n : min(options.from - 1n, head));
    yield* this.walk(
      events,
      Math.max(from, options.direction === 'backwards' ? -1 : 0),
      events.length - 1,
      options,
    );
  }

  async *subscribeAll(options: SubscribeOptions = {}): AsyncIterable<SubscriptionItem> {
    const { log } = this;
    const signal = options.signal
      ? AbortSignal.any([options.signal, this.closing.signal])
      : this.closing.signal;
    if (this.closing.signal.aborted) this.assertOpen(undefined);
    let at = options.after ?? position(0n);
    if (at < 0n || at > log.head) throw new PositionNotInLogError(at);
    let said: Position | undefined;
    let saidAtMs = performance.now();
    while (!signal.aborted) {
      const event = log.events[Number(at)];
      if (event) {
        at = event.position;
        if (letsThrough(options.filter, event.streamId)) yield { kind: 'event', event };
        else if (performance.now() - saidAtMs >= PROGRESS_INTERVAL_MS) {
          // Also a long way without a match says where it is, and lets others run.
          await this.call(undefined);
          said = at;
          saidAtMs = performance.now();
          yield { kind: 'progress', position: at };
        }
      } else if (at !== said && at > 0n) {
        said = at;
        saidAtMs = performance.now();
        yield { kind: 'progress', position: at };
      } else await log.moved(signal);
    }
  }

  async barrier(options: CallOptions = {}): Promise<Position> {
    await this.call(options.signal);
    return this.log.head;
  }

  async head(options: CallOptions = {}): Promise<Position | undefined> {
    await this.call(options.signal);
    return this.log.events.at(-1)?.position;
  }

  close(): Promise<void> {
    this.closing.abort();
    return Promise.resolve();
  }

  private *walk(
    events: readonly StoredEvent[],
    from: number,
    end: number,
    {
      direction,
      maxCount = Infinity,
      signal,
    }: Pick<ReadAllOptions, 'direction' | 'maxCount' | 'signal'>,
  ): Iterable<StoredEvent> {
    const step = direction === 'backwards' ? -1 : 1;
    for (let at = from, left = maxCount; at >= 0 && at <= end && left > 0; at += step, left -= 1) {
      signal?.throwIfAborted();
      const event = events[at];
      if (event) yield event;
    }
  }

  private async call(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.assertOpen(undefined);
    // As over a network: never in the caller's own turn.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private assertOpen(signal: AbortSignal | undefined): void {
    if (this.closing.signal.aborted) throw new EventStoreUnavailableError('the store is closed');
    if (signal?.aborted) throw new EventStoreUnavailableError('aborted before it was sent');
  }
}

const min = (a: bigint, b: bigint) => (a < b ? a : b);
