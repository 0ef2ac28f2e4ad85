import type { AllStreamResolvedEvent } from '@eventstore/db-client';
import { START, streamNameFilter } from '@eventstore/db-client';
import type { Position, StoredEvent, SubscribeOptions, SubscriptionItem } from '../index.js';
import {
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventStoreError,
  EventStoreUnavailableError,
  LEDGER_BEACON_STREAM,
  letsThrough,
  LogMismatchError,
  position,
  POSITION_MAX,
  PositionNotInLogError,
  PROGRESS_INTERVAL_MS,
  SUBSCRIPTION_BUFFER_EVENTS_MAX,
} from '../index.js';
import { isPassing, placeOf, readFailure } from './failures.js';
import type { Place } from './failures.js';
import type { LogReader } from './log-reader.js';
import type { OwnLog } from './own-log.js';
import type { SafeClient } from './safe-client.js';
import { bytesOf, toStoredEvent } from './stored-event.js';
import type { StreamNames } from './stream-names.js';
import { backoffMs, noop, rest } from './waiting.js';

/** What waits for a slow consumer takes at most about this, and one event more. */
export const SUBSCRIPTION_BUFFER_BYTES_MAX = 16 * 1024 * 1024;
export const RESUBSCRIBE_DELAY_MS_FIRST = 100;
export const RESUBSCRIBE_DELAY_MS_MAX = 5_000;
/** For how long a reconnected node may not know a position that it once gave: a new leader may still be indexing. */
export const POSITION_TOLERANCE_MS = 5_000;
/** A subscription that stays silent this long behind the head is taken for dead. */
export const SUBSCRIPTION_STALL_MS = 10_000;
/** A server tells how far a filter has come after so many events only; what lies between is looked up. */
const FILTER_WINDOW_EVENTS = 64;
const LOOK_AHEAD_EVENTS_MAX = 512;
const LOOK_AHEAD_INTERVAL_MS = 100;
const STALL_CHECK_INTERVAL_MS = 2_500;
/** For each of the client's own streams, so that large events don't pile up in them. */
const CLIENT_STREAM_EVENTS = 4;
/** Of the buffer, for what the client's own streams hold. */
const CLIENT_BUFFER_EVENTS = 64;
const WAITING_EVENTS_MAX = SUBSCRIPTION_BUFFER_EVENTS_MAX - CLIENT_BUFFER_EVENTS;

/** What is put between the events, in the client's own stream, so that it keeps its place (trap 3). */
type Mark = { readonly mark: 'checkpoint'; readonly place: Place } | { readonly mark: 'caughtUp' };

/**
 * One subscriber: keeps a subscription of the client alive, holds what arrives, and knows how far all of it reaches.
 * `covered` is always the position of an event: of no other can a server say later whether it is of its log.
 */
export class Feed {
  private readonly waiting: StoredEvent[] = [];
  private first = 0;
  private waitingBytes = 0;
  private covered: Position | undefined;
  private checkpoint: Place | undefined;
  private caughtUp = false;
  private failure: Error | undefined;
  private held = false;
  private hold: (() => void) | undefined;
  private release: (() => void) | undefined;
  private restart: ((error: Error) => void) | undefined;
  private wake = noop;
  private arrivedAtMs = performance.now();
  private listeningSinceMs = performance.now();
  private readonly stopping = new AbortController();
  private readonly after: Position | undefined;

  constructor(
    private readonly safe: SafeClient,
    private readonly reader: LogReader,
    private readonly names: StreamNames,
    private readonly ownLog: OwnLog,
    private readonly options: SubscribeOptions,
    private readonly trouble: (what: string, error: unknown) => void,
  ) {
    this.after = options.after === 0n ? undefined : options.after;
    this.covered = this.after;
  }

  async *items(signal: AbortSignal): AsyncGenerator<SubscriptionItem, void, undefined> {
    const awake = (): void => {
      this.wake();
    };
    signal.addEventListener('abort', awake);
    const running = Promise.all([this.run(), this.watch()]);
    let said: bigint = this.after ?? -1n;
    let saidAtMs = performance.now();
    try {
      while (!signal.aborted) {
        const event = this.take();
        if (event) {
          yield { kind: 'event', event };
          continue;
        }
        if (this.failure) throw this.failure;
        const quietMs = performance.now() - saidAtMs;
        if (this.covered !== undefined && this.covered > said) {
          if (this.caughtUp || quietMs >= PROGRESS_INTERVAL_MS) {
            said = this.covered;
            saidAtMs = performance.now();
            yield { kind: 'progress', position: this.covered };
            continue;
          }
          await this.something(PROGRESS_INTERVAL_MS - quietMs);
        } else await this.something(undefined);
      }
    } finally {
      signal.removeEventListener('abort', awake);
      this.stopping.abort();
      this.restart?.(new EventStoreUnavailableError('the subscriber left'));
      await running;
    }
  }

  /** Subscribes, again and again, until the consumer leaves or asking again can't help. */
  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let attempt = 0;
    let lostAtMs: number | undefined;
    while (!signal.aborted) {
      const startedAtMs = performance.now();
      try {
        if (this.covered !== undefined)
          await this.reader.assertInLog(this.covered, EVENT_STORE_TIMEOUT_MS_DEFAULT, signal);
        lostAtMs = undefined;
        await this.listen();
      } catch (error) {
        this.caughtUp = false;
        if (isOver(signal)) return;
        if (this.arrivedAtMs > startedAtMs) attempt = 0;
        const wasHere = this.covered !== this.after || this.arrivedAtMs > startedAtMs;
        if (error instanceof PositionNotInLogError) {
          lostAtMs ??= performance.now();
          const toleranceMs = wasHere ? POSITION_TOLERANCE_MS : 0;
          if (performance.now() - lostAtMs >= toleranceMs) {
            this.fail(error);
            return;
          }
        } else if (!isPassing(error) && !(error instanceof LogMismatchError)) {
          this.fail(readFailure(error, undefined));
          return;
        }
        this.trouble('a subscription broke, and is taken up again', error);
        await rest(
          backoffMs(attempt, RESUBSCRIBE_DELAY_MS_FIRST, RESUBSCRIBE_DELAY_MS_MAX),
          signal,
        );
        attempt += 1;
      }
    }
  }

  /** Everything up to here has arrived: a checkpoint, or the last event. */
  private resumeFrom(): Place | undefined {
    const { covered, checkpoint } = this;
    if (checkpoint && (covered === undefined || checkpoint.commit > covered)) return checkpoint;
    return covered === undefined ? undefined : placeOf(covered);
  }

  /** One life of a subscription; always ends with an error. */
  private async listen(): Promise<void> {
    this.listeningSinceMs = performance.now();
    const { credentials } = this.safe;
    const { filter } = this.options;
    const connection = await this.ownLog.connection(
      EVENT_STORE_TIMEOUT_MS_DEFAULT,
      this.stopping.signal,
    );
    const subscription = this.safe.use().subscribeToAll(
      {
        fromPosition: this.resumeFrom() ?? START,
        requiresLeader: true,
        ...(credentials && { credentials }),
        ...(filter && {
          filter: streamNameFilter({
            prefixes: [...filter.streamPrefixes, LEDGER_BEACON_STREAM].map((prefix) =>
              this.names.stored(prefix),
            ),
            checkpointInterval: 1,
            maxSearchWindow: FILTER_WINDOW_EVENTS,
            checkpointReached: (self, at) => {
              self.push({ mark: 'checkpoint', place: at } satisfies Mark);
            },
          }),
        }),
      },
      { highWaterMark: CLIENT_STREAM_EVENTS },
    );
    this.hold = () => subscription.pause();
    this.release = () => subscription.resume();
    try {
      await new Promise<never>((_, reject) => {
        this.restart = reject;
        // Stays for good: an error without a listener would end the process.
        subscription.on('error', reject);
        const ended = (): void => {
          reject(new EventStoreUnavailableError('the event store ended the subscription'));
        };
        subscription.on('end', ended);
        subscription.on('close', ended);
        subscription.on('confirmation', () => {
          this.arrivedAtMs = performance.now();
        });
        subscription.on('caughtUp', () => {
          subscription.push({ mark: 'caughtUp' } satisfies Mark);
        });
        subscription.on('data', (item: AllStreamResolvedEvent | Mark) => {
          if (!this.ownLog.isStill(connection)) {
            reject(new EventStoreUnavailableError('the connection was lost'));
            return;
          }
          try {
            this.arrive(item);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
    } finally {
      this.restart = undefined;
      this.hold = undefined;
      this.release = undefined;
      subscription.removeAllListeners('data');
      subscription.unsubscribe().catch(noop);
      // A paused call never learns that it is over, and the client waits for that when it is disposed of.
      subscription.resume();
    }
  }

  private arrive(item: AllStreamResolvedEvent | Mark): void {
    this.arrivedAtMs = performance.now();
    if ('mark' in item) {
      if (item.mark === 'caughtUp') this.caughtUp = true;
      // A server may say "before the start" as the largest number there is.
      else if (item.place.commit <= POSITION_MAX) this.checkpoint = item.place;
    } else if (item.event) {
      const at = position(item.event.position.commit);
      // Once more after a reconnect, or found by the look-ahead: never twice.
      if (this.covered !== undefined && at <= this.covered) return;
      const streamId = this.names.ownOf(item.event);
      if (streamId !== undefined && letsThrough(this.options.filter, streamId)) {
        const event = toStoredEvent(item.event, streamId);
        this.waiting.push(event);
        this.waitingBytes += bytesOf(event);
        if (this.isFull()) {
          this.held = true;
          this.hold?.();
        }
      }
      this.covered = at;
    }
    this.wake();
  }

  private take(): StoredEvent | undefined {
    const event = this.waiting[this.first];
    if (!event) return undefined;
    this.first += 1;
    this.waitingBytes -= bytesOf(event);
    if (this.first === this.waiting.length || this.first >= SUBSCRIPTION_BUFFER_EVENTS_MAX) {
      this.waiting.splice(0, this.first);
      this.first = 0;
    }
    if (this.held && this.waiting.length - this.first <= WAITING_EVENTS_MAX / 2 && !this.isFull()) {
      this.held = false;
      this.arrivedAtMs = performance.now();
      this.release?.();
    }
    return event;
  }

  private isFull(): boolean {
    return (
      this.waiting.length - this.first >= WAITING_EVENTS_MAX ||
      this.waitingBytes >= SUBSCRIPTION_BUFFER_BYTES_MAX
    );
  }

  /**
   * Beside the subscription: says how far a filter has come when nothing matches, and finds out when a subscription
   * has died without a word. Both by reading, which proves what it finds.
   */
  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    const intervalMs = this.options.filter ? LOOK_AHEAD_INTERVAL_MS : STALL_CHECK_INTERVAL_MS;
    let behindSinceMs: number | undefined;
    while (!signal.aborted) {
      await rest(intervalMs, signal);
      if (isOver(signal)) return;
      if (!this.caughtUp || this.held) {
        behindSinceMs = undefined;
        const silentMs = performance.now() - Math.max(this.arrivedAtMs, this.listeningSinceMs);
        if (this.restart && !this.held && silentMs >= SUBSCRIPTION_STALL_MS) this.startAgain();
        continue;
      }
      try {
        const behind = await this.lookAhead(signal);
        const now = performance.now();
        if (!behind) behindSinceMs = undefined;
        else behindSinceMs ??= now;
        const silentSinceMs = Math.max(behindSinceMs ?? now, this.arrivedAtMs);
        if (now - silentSinceMs < SUBSCRIPTION_STALL_MS) continue;
        behindSinceMs = undefined;
        this.startAgain();
      } catch (error) {
        if (!(error instanceof EventStoreError)) this.trouble('looking ahead failed', error);
      }
    }
  }

  /** Whether an event is there that the subscription should have brought. */
  private async lookAhead(signal: AbortSignal): Promise<boolean> {
    const { filter } = this.options;
    let reached: bigint | undefined;
    for await (const event of this.reader.raw({
      from: this.resumeFrom(),
      // Where it starts is included: a second event is one that the subscription owes.
      maxCount: filter ? LOOK_AHEAD_EVENTS_MAX : 2,
      timeoutMs: EVENT_STORE_TIMEOUT_MS_DEFAULT,
      signal,
    })) {
      const at = event.position.commit;
      if (this.covered !== undefined && at <= this.covered) continue;
      if (!filter) return true;
      const streamId = this.names.ownOf(event);
      if (streamId !== undefined && letsThrough(filter, streamId)) {
        this.cover(reached);
        return true;
      }
      reached = at;
    }
    this.cover(reached);
    return false;
  }

  private startAgain(): void {
    this.restart?.(new EventStoreUnavailableError('the subscription stays silent'));
  }

  private cover(reached: bigint | undefined): void {
    if (reached === undefined || (this.covered !== undefined && reached <= this.covered)) return;
    this.covered = position(reached);
    this.wake();
  }

  private fail(error: Error): void {
    this.failure = error;
    this.stopping.abort();
    this.wake();
  }

  private async something(forMs: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (forMs !== undefined) timer = setTimeout(resolve, Math.max(1, forMs));
    });
    clearTimeout(timer);
    this.wake = noop;
  }
}

/** Asked anew after a wait: the compiler takes a signal that was not aborted before for one that never is. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
