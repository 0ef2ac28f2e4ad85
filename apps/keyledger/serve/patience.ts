import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreUnavailableError, AppendOutcomeUnknownError } from '#event-store';
import { domainErrorOf } from '#problems';

export const START_RETRY_DELAY_MS = 1_000;

/** Tries until it works: what a server needs at start may come up after it. Other failures end the start. */
export async function whenReachable<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  waiting: (error: Error) => void,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isError(error) || !isAway(error)) throw error;
      waiting(error);
      await delay(START_RETRY_DELAY_MS, undefined, { signal });
    }
  }
}

/** Not `instanceof` alone: an error may be of another realm, as system errors are under a test runner. */
function isError(error: unknown): error is Error {
  return error instanceof Error || Object.prototype.toString.call(error) === '[object Error]';
}

/** A password, user or database that is not there does not come by waiting. */
const REFUSED: ReadonlySet<unknown> = new Set(['28P01', '28000', '3D000']);

function isAway(error: Error): boolean {
  if ('code' in error && REFUSED.has(error.code)) return false;
  return (
    error instanceof EventStoreUnavailableError ||
    error instanceof AppendOutcomeUnknownError ||
    domainErrorOf(error).code === 'database/unavailable'
  );
}
