import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client';
import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type {
  CallOptions,
  Position,
  ReadAllOptions,
  ReadStreamOptions,
  StoredEvent,
} from '../index.js';
import {
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  LEDGER_STREAM,
  position,
  PositionNotInLogError,
} from '../index.js';
import { drain } from './drain.js';
import { isPassing, kindOf, placeOf, readFailure, tooLate } from './failures.js';
import type { Place } from './failures.js';
import type { OwnConnection, OwnLog } from './own-log.js';
import type { SafeClient } from './safe-client.js';
import { toStoredEvent } from './stored-event.js';
import { isSystem } from './stream-names.js';
import type { StreamNames } from './stream-names.js';
import { backoffMs, rest } from './waiting.js';

/** Attempts that gave nothing, one after another, before a read fails. */
export const READ_ATTEMPTS_MAX = 3;
export const READ_RETRY_DELAY_MS_FIRST = 50;
export const READ_RETRY_DELAY_MS_MAX = 1_000;
/** How many events are asked for when the server's own stood in the way of the few that were wanted. */
const PAGE_EVENTS_FIRST = 8;
const PAGE_EVENTS_MAX = 4_096;
const UNLIMITED = Number.MAX_SAFE_INTEGER;

type Recorded = AllStreamRecordedEvent;

interface RawOptions {
  readonly from?: Place | undefined;
  readonly direction?: 'forwards' | 'backwards' | undefined;
  readonly maxCount: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One answer is waited for no longer than this, through however many connections and attempts. */
class Patience {
  private sinceMs = performance.now();

  constructor(private readonly timeoutMs: number) {}

  /** The consumer took what came, and waits for the next one. */
  anew(): void {
    this.sinceMs = performance.now();
  }

  readonly leftMs = (): number =>
    Math.max(1, Math.ceil(this.sinceMs + this.timeoutMs - performance.now()));
}

/** Reads from the leader; a read that breaks goes on from the last event that it gave. */
export class LogReader {
  constructor(
    private readonly safe: SafeClient,
    private readonly names: StreamNames,
    private readonly closing: AbortSignal,
    private readonly ownLog: OwnLog,
  ) {}

  async *stream(
    streamId: string,
    options: ReadStreamOptions,
  ): AsyncGenerator<StoredEvent, void, undefined> {
    const { maxCount = UNLIMITED, signal, timeoutMs = EVENT_STORE_TIMEOUT_MS_DEFAULT } = options;
    const backwards = options.direction === 'backwards';
    const stored = this.names.stored(streamId);
    let { from } = options;
    let left = maxCount;
    let failures = 0;
    const patience = new Patience(timeoutMs);
    while (left > 0) {
      let connection: OwnConnection;
      try {
        // Which log it is says this stream, of whatever log it is.
        if (streamId !== LEDGER_STREAM)
          connection = await this.ownLog.connection(patience.leftMs(), signal);
        const read = this.safe.use().readStream(stored, {
          direction: backwards ? BACKWARDS : FORWARDS,
          fromRevision: from ?? (backwards ? END : START),
          maxCount: left,
          ...this.call(),
        });
        const items = drain(
          read,
          patience.leftMs,
          () => tooLate(`reading ${streamId}`, timeoutMs),
          [signal, this.closing],
        );
        for await (const { event } of items) {
          this.assertStill(connection);
          if (!event) continue;
          failures = 0;
          left -= 1;
          yield toStoredEvent(event, streamId);
          patience.anew();
          if (backwards && event.revision === 0n) return;
          from = backwards ? event.revision - 1n : event.revision + 1n;
        }
        this.assertStill(connection);
        return;
      } catch (error) {
        if (kindOf(error) === 'streamNotFound' && this.ownLog.isStill(connection)) return;
        failures += 1;
        await this.mayAgain(error, failures, streamId, signal);
      }
    }
  }

  /** The ledger's events: those of the server's own and of other ledgers are read over. */
  async *all(options: ReadAllOptions): AsyncGenerator<StoredEvent, void, undefined> {
    const found = this.among(options, (event) => this.names.ownOf(event) !== undefined);
    for await (const event of found) yield toStoredEvent(event, this.names.ownOf(event) ?? '');
  }

  /**
   * Of the last event that is not the server's own. It may be another ledger's: they may have written much since, and
   * subscribers reach its position all the same.
   */
  async head(options: CallOptions): Promise<Position | undefined> {
    const last = { ...options, direction: 'backwards', maxCount: 1 } as const;
    for await (const event of this.among(last, (one) => !isSystem(one)))
      return position(event.position.commit);
    return undefined;
  }

  private async *among(
    options: ReadAllOptions,
    isWanted: (event: Recorded) => boolean,
  ): AsyncGenerator<Recorded, void, undefined> {
    const { maxCount = UNLIMITED, timeoutMs = EVENT_STORE_TIMEOUT_MS_DEFAULT } = options;
    const backwards = options.direction === 'backwards';
    let from = options.from === undefined ? undefined : placeOf(options.from);
    let wanted = maxCount;
    let page = maxCount;
    let seen: bigint | undefined;
    while (wanted > 0) {
      let given = 0;
      const raw = this.raw({
        from,
        direction: options.direction,
        maxCount: page,
        timeoutMs,
        signal: options.signal,
      });
      for await (const event of raw) {
        given += 1;
        const at = event.position.commit;
        if (at === seen) continue;
        seen = at;
        from = { commit: at, prepare: at };
        if (!isWanted(event)) continue;
        wanted -= 1;
        yield event;
        if (wanted === 0) return;
      }
      if (given < page) return;
      page = Math.min(PAGE_EVENTS_MAX, Math.max(PAGE_EVENTS_FIRST, page * 4));
      // Forwards a read includes where it starts.
      if (!backwards) page += 1;
    }
  }

  /**
   * A server says nothing to a position that is none of its own (trap 4). An event that begins later than the position
   * is let pass: a scavenge removes what `$maxCount` hides, and keeps the places of the rest.
   *
   * @throws {PositionNotInLogError}
   */
  async assertInLog(at: Position, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const from = placeOf(at);
    for await (const _ of this.raw({ from, maxCount: 1, timeoutMs, signal })) return;
    throw new PositionNotInLogError(at);
  }

  /** `$all` as the server has it. Forwards it includes where it starts, backwards not. */
  async *raw(options: RawOptions): AsyncGenerator<Recorded, void, undefined> {
    const { timeoutMs, signal } = options;
    const backwards = options.direction === 'backwards';
    let { from } = options;
    let left = options.maxCount;
    let last: bigint | undefined;
    let failures = 0;
    const patience = new Patience(timeoutMs);
    for (;;) {
      try {
        const connection = await this.ownLog.connection(patience.leftMs(), signal);
        const read = this.safe.use().readAll({
          direction: backwards ? BACKWARDS : FORWARDS,
          fromPosition: from ?? (backwards ? END : START),
          maxCount: left,
          ...this.call(),
        });
        const items = drain(read, patience.leftMs, () => tooLate('reading the log', timeoutMs), [
          signal,
          this.closing,
        ]);
        for await (const { event } of items) {
          this.assertStill(connection);
          if (!event || event.position.commit === last) continue;
          failures = 0;
          left -= 1;
          last = event.position.commit;
          from = event.position;
          yield event;
          patience.anew();
        }
        this.assertStill(connection);
        return;
      } catch (error) {
        failures += 1;
        await this.mayAgain(error, failures, undefined, signal);
        if (left <= 0) return;
        // Forwards the next attempt gives the last event once more.
        if (last !== undefined && !backwards && left < UNLIMITED) left += 1;
      }
    }
  }

  /** What it throws is passing: the next attempt asks first whose log it is. */
  private assertStill(connection: OwnConnection): void {
    if (!this.ownLog.isStill(connection)) throw new Error('the connection was lost meanwhile');
  }

  /** Throws unless another attempt may help. */
  private async mayAgain(
    error: unknown,
    failures: number,
    streamId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.closing.throwIfAborted();
    signal?.throwIfAborted();
    if (failures >= READ_ATTEMPTS_MAX || !isPassing(error) || isLate(error))
      throw readFailure(error, streamId);
    await rest(
      backoffMs(failures - 1, READ_RETRY_DELAY_MS_FIRST, READ_RETRY_DELAY_MS_MAX),
      this.closing,
    );
  }

  private call() {
    const { credentials } = this.safe;
    return { requiresLeader: true, ...(credentials && { credentials }) };
  }
}

/** Its deadline is over: a further attempt would double it. */
function isLate(error: unknown): boolean {
  return error instanceof Error && error.name === 'EventStoreUnavailableError';
}
