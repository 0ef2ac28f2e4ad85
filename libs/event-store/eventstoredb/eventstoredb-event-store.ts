import { randomUUID } from 'node:crypto';
import { ANY, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type {
  AppendExpectedRevision,
  AppendResult as Appended,
  JSONType,
} from '@eventstore/db-client';
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
  AppendOutcomeUnknownError,
  checkAppend,
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventCatalogue,
  EventStore,
  EventStoreUnavailableError,
  findLedger,
  LEDGER_BEACON_STREAM,
  ledgerEvents,
  ledgerMetadata,
  position,
} from '../index.js';
import type { LedgerBeacon } from '../index.js';
import { Beacon } from './beacon.js';
import { describeConnection, parseConnectionString } from './connection-settings.js';
import { appendFailure, kindOf } from './failures.js';
import { Feed } from './feed.js';
import { LogReader } from './log-reader.js';
import { OwnLog } from './own-log.js';
import { SafeClient } from './safe-client.js';
import { StreamNames } from './stream-names.js';
import { backoffMs, rest, withinTime } from './waiting.js';

/** Attempts of an append that only met nodes that are not the leader. */
export const APPEND_ATTEMPTS_MAX = 4;
export const NOT_LEADER_RETRY_DELAY_MS_FIRST = 50;
export const NOT_LEADER_RETRY_DELAY_MS_MAX = 1_000;
/** Beacons that the server keeps. */
export const BEACONS_KEPT_MAX = 100;
/** A beacon that waits for longer is given up, so that a leader elected meanwhile is asked soon. */
export const BEACON_TIMEOUT_MS = 2_500;
/** The client's own deadline comes first; this one is for an answer that it swallows. */
const DEADLINE_GRACE_MS = 500;

export interface EventStoreDBOptions {
  /** `esdb://user:password@host:2113?tlsCAFile=…`, several hosts or `esdb+discover://` for a cluster. */
  readonly connectionString: string;
  /**
   * One of several ledgers beside each other on the server, by its name (`LEDGER_NAME`): its streams are `@name/…`, and
   * no other ledger ever sees them. Absent: the ledger without a name.
   */
  readonly ledger?: string;
  /** What was mended without the caller's knowledge; for logs. */
  readonly warn?: (message: string, error: unknown) => void;
}

type Expected = ExpectedRevision | 'any';

/**
 * EventStoreDB over its own client, on the plain append route with a deadline on every call.
 *
 * @throws {ConnectionStringError} from the constructor, without a credential in its message.
 */
export class EventStoreDBEventStore extends EventStore {
  readonly description: string;
  private readonly safe: SafeClient;
  private readonly names: StreamNames;
  private readonly ownLog: OwnLog;
  private readonly reader: LogReader;
  private readonly beacon: Beacon;
  private readonly closing = new AbortController();
  private readonly timeoutMs: number;
  private readonly feeds = new Set<Promise<void>>();
  private beaconsAreLimited = false;
  private saidThatBeaconsAreNotLimited = false;
  private closed: Promise<void> | undefined;

  constructor(private readonly options: EventStoreDBOptions) {
    super();
    const settings = parseConnectionString(options.connectionString);
    this.names = new StreamNames(options.ledger);
    const named = options.ledger === undefined ? '' : `, ledger ${options.ledger}`;
    this.description = `${describeConnection(settings)}${named}`;
    this.timeoutMs = settings.defaultDeadlineMs ?? EVENT_STORE_TIMEOUT_MS_DEFAULT;
    this.safe = new SafeClient(settings);
    this.ownLog = new OwnLog(this.safe, () => findLedger(this), this.description);
    this.reader = new LogReader(this.safe, this.names, this.closing.signal, this.ownLog);
    this.beacon = new Beacon(() => this.light(), this.closing.signal);
  }

  override keepTo(logId: string): void {
    this.ownLog.keepTo(logId);
  }

  async append(
    streamId: string,
    expectedRevision: ExpectedRevision,
    events: readonly NewEvent[],
    options: CallOptions = {},
  ): Promise<AppendResult> {
    checkAppend(streamId, expectedRevision, events);
    this.closing.signal.throwIfAborted();
    if (options.signal?.aborted) throw new EventStoreUnavailableError('aborted before it was sent');
    if (events.length === 0)
      return {
        revision: expectedRevision === 'noStream' ? -1n : expectedRevision,
        position: (await this.head(options)) ?? position(0n),
      };
    return this.send(streamId, expectedRevision, events, options);
  }

  readStream(streamId: string, options: ReadStreamOptions = {}): AsyncIterable<StoredEvent> {
    return this.reader.stream(streamId, { timeoutMs: this.timeoutMs, ...options });
  }

  readAll(options: ReadAllOptions = {}): AsyncIterable<StoredEvent> {
    return this.reader.all({ timeoutMs: this.timeoutMs, ...options });
  }

  async *subscribeAll(options: SubscribeOptions = {}): AsyncIterable<SubscriptionItem> {
    this.closing.signal.throwIfAborted();
    const signal = options.signal
      ? AbortSignal.any([options.signal, this.closing.signal])
      : this.closing.signal;
    if (signal.aborted) return;
    const feed = new Feed(this.safe, this.reader, this.names, this.ownLog, options, (what, error) =>
      this.options.warn?.(what, error),
    );
    let over = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      over = resolve;
    });
    this.feeds.add(ended);
    try {
      yield* feed.items(signal);
    } finally {
      this.feeds.delete(ended);
      over();
    }
  }

  barrier(options: CallOptions = {}): Promise<Position> {
    return this.beacon.ask(options.timeoutMs ?? this.timeoutMs, options.signal);
  }

  head(options: CallOptions = {}): Promise<Position | undefined> {
    return this.reader.head({ timeoutMs: this.timeoutMs, ...options });
  }

  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    this.closing.abort(new EventStoreUnavailableError('the event store is closed'));
    await this.safe.close();
  }

  private async send(
    streamId: string,
    expected: Expected,
    events: readonly NewEvent[],
    { timeoutMs = this.timeoutMs, signal }: CallOptions,
  ): Promise<AppendResult> {
    const endsAtMs = performance.now() + timeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      const leftMs = Math.max(1, Math.ceil(endsAtMs - performance.now()));
      try {
        const appended = await this.sendOnce(streamId, expected, events, leftMs, signal);
        return {
          revision: appended.nextExpectedRevision,
          position: await this.placeOfAppended(streamId, appended),
        };
      } catch (error) {
        const delayMs = backoffMs(
          attempt - 1,
          NOT_LEADER_RETRY_DELAY_MS_FIRST,
          NOT_LEADER_RETRY_DELAY_MS_MAX,
        );
        const again =
          kindOf(error) === 'notLeader' &&
          attempt < APPEND_ATTEMPTS_MAX &&
          performance.now() + delayMs < endsAtMs &&
          !this.closing.signal.aborted &&
          !signal?.aborted;
        if (!again)
          throw appendFailure(error, streamId, expected === 'any' ? 'noStream' : expected);
        // The client connects to the leader meanwhile.
        await rest(delayMs, this.closing.signal);
      }
    }
  }

  private async sendOnce(
    streamId: string,
    expected: Expected,
    events: readonly NewEvent[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Appended> {
    const endsAtMs = performance.now() + timeoutMs;
    const connection = await this.ownLog.connection(timeoutMs, signal);
    const deadline = Math.max(1, Math.ceil(endsAtMs - performance.now()));
    const { credentials } = this.safe;
    const expectedRevision: AppendExpectedRevision =
      expected === 'noStream' ? NO_STREAM : expected === 'any' ? ANY : expected;
    const stored = this.names.stored(streamId);
    const appending = this.safe.use().appendToStream(stored, events.map(toClientEvent), {
      expectedRevision,
      deadline,
      requiresLeader: true,
      ...(credentials && { credentials }),
    });
    const unknown = (why: string) => (): Error =>
      new AppendOutcomeUnknownError(`it may be appended to ${streamId}: ${why}`);
    const signals = signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal;
    const otherConnection = unknown('the connection was lost before the answer came');
    try {
      const appended = await withinTime(
        appending,
        deadline + DEADLINE_GRACE_MS,
        unknown(`no answer within ${String(deadline)} ms`),
        signals,
        unknown('aborted before the answer came'),
      );
      if (this.ownLog.isStill(connection)) return appended;
    } catch (error) {
      if (kindOf(error) !== 'wrongRevision' || this.ownLog.isStill(connection)) throw error;
    }
    throw otherConnection();
  }

  /** A server that just recognised a repetition may not know its position yet. */
  private async placeOfAppended(
    streamId: string,
    { nextExpectedRevision, position: at }: Appended,
  ): Promise<Position> {
    if (at) return position(at.commit);
    for await (const event of this.readStream(streamId, {
      from: nextExpectedRevision,
      maxCount: 1,
    }))
      return event.position;
    throw new AppendOutcomeUnknownError(`it was appended to ${streamId}, and can't be read yet`);
  }

  private async light(): Promise<Position> {
    await this.limitBeacons();
    const beacon: LedgerBeacon = { type: 'LedgerBeacon', data: {} };
    const event = catalogue.encode(randomUUID(), beacon, ledgerMetadata(new Date()));
    // Any revision: a beacon says nothing, so a second one of it does no harm, and processes need not agree on an order.
    const { position: at } = await this.send(LEDGER_BEACON_STREAM, 'any', [event], {
      timeoutMs: BEACON_TIMEOUT_MS,
    });
    return at;
  }

  private async limitBeacons(): Promise<void> {
    if (this.beaconsAreLimited) return;
    const { credentials } = this.safe;
    await this.ownLog.connection(BEACON_TIMEOUT_MS, this.closing.signal);
    try {
      await withinTime(
        this.safe.use().setStreamMetadata(
          this.names.stored(LEDGER_BEACON_STREAM),
          { maxCount: BEACONS_KEPT_MAX },
          {
            expectedRevision: NO_STREAM,
            deadline: BEACON_TIMEOUT_MS,
            requiresLeader: true,
            ...(credentials && { credentials }),
          },
        ),
        BEACON_TIMEOUT_MS + DEADLINE_GRACE_MS,
        () => new EventStoreUnavailableError('no answer'),
        this.closing.signal,
        () => new EventStoreUnavailableError('closed'),
      );
      this.beaconsAreLimited = true;
    } catch (error) {
      this.beaconsAreLimited = kindOf(error) === 'wrongRevision';
      // More beacons than needed are kept until it works: no reason to refuse a barrier, or to say so with each one.
      if (this.beaconsAreLimited || this.saidThatBeaconsAreNotLimited) return;
      this.saidThatBeaconsAreNotLimited = true;
      this.options.warn?.('the number of kept beacons could not be limited', error);
    }
  }
}

const catalogue = new EventCatalogue(ledgerEvents);

function toClientEvent({ id, type, data, metadata }: NewEvent) {
  return jsonEvent({
    id,
    type,
    data: JSON.parse(data) as JSONType,
    metadata: JSON.parse(metadata) as Record<string, unknown>,
  });
}
