import { setTimeout as pause } from 'node:timers/promises';

export const noop = (): void => undefined;

/** Never rejects; ends early when the signal aborts. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal, ref: true }).catch(noop);
}

/** Doubles from the first to the most, with up to a quarter less, so that many do not come back at once. */
export function backoffMs(attempt: number, first: number, most: number): number {
  const full = Math.min(most, first * 2 ** Math.min(attempt, 20));
  return full * (1 - Math.random() / 4);
}

/** Rejects with `late()` when the promise takes longer, and with `aborted()` when the signal says so. */
export async function withinTime<T>(
  promise: Promise<T>,
  ms: number,
  late: () => Error,
  signal: AbortSignal | undefined,
  aborted: () => Error,
): Promise<T> {
  promise.catch(noop);
  let timer: NodeJS.Timeout | undefined;
  let onAbort = noop;
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(late());
      }, ms);
      onAbort = () => {
        reject(aborted());
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
      promise.then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
