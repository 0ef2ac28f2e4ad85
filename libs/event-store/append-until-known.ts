import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '#kernel';
import { AppendOutcomeUnknownError, EventStoreUnavailableError } from './event-store.errors.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent } from './event-store.port.js';
import { EVENT_STORE_TIMEOUT_MS_DEFAULT } from './event-store.port.js';

export const APPEND_RETRY_DELAY_MS_FIRST = 25;
export const APPEND_RETRY_DELAY_MS_MAX = 1_000;

export interface AppendUntilKnownOptions {
  /** By `clock`. The first attempt is made even when it has passed. */
  readonly deadline: Date;
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'now'>;
  readonly signal?: AbortSignal;
}

/**
 * Appends, and after an error that is not a no appends the same ids at the same revision again, with backoff, until the
 * outcome is known: stored once, or refused. Never reads first: the same ids at another revision are stored twice.
 *
 * @throws {WrongExpectedRevisionError} known: nothing of this request is stored.
 * @throws {AppendOutcomeUnknownError} the deadline is over, and an attempt may have been stored.
 * @throws {EventStoreUnavailableError} the deadline is over, and no attempt was stored.
 */
export async function appendUntilKnown(
  store: EventStore,
  streamId: string,
  expectedRevision: ExpectedRevision,
  events: readonly NewEvent[],
  options: AppendUntilKnownOptions,
): Promise<AppendResult> {
  const startedAt = performance.now();
  const budgetMs = options.deadline.getTime() - (options.clock?.now() ?? new Date()).getTime();
  const leftMs = () => budgetMs - (performance.now() - startedAt);
  let unknown: AppendOutcomeUnknownError | undefined;
  let delayMs = APPEND_RETRY_DELAY_MS_FIRST;
  for (;;) {
    try {
      return await store.append(streamId, expectedRevision, events, {
        timeoutMs: Math.max(1, Math.min(EVENT_STORE_TIMEOUT_MS_DEFAULT, Math.ceil(leftMs()))),
        ...(options.signal ? { signal: options.signal } : {}),
      });
    } catch (error) {
      if (error instanceof AppendOutcomeUnknownError) unknown = error;
      else if (!(error instanceof EventStoreUnavailableError)) throw error;
      // Half to full delay: many that failed together don't come back together.
      const waitMs = delayMs * (0.5 + Math.random() / 2);
      if (options.signal?.aborted || leftMs() <= waitMs) throw unknown ?? error;
      try {
        await delay(waitMs, undefined, options.signal ? { signal: options.signal } : {});
      } catch {
        throw unknown ?? error;
      }
      delayMs = Math.min(delayMs * 2, APPEND_RETRY_DELAY_MS_MAX);
    }
  }
}
