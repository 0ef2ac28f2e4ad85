import type { StreamingRead } from '@eventstore/db-client';
import { noop } from './waiting.js';

/**
 * A read of the client, item by item, with a deadline on every answer that is waited for (the client gives reads none).
 * Ends the call when the consumer leaves: the client would keep it open.
 */
export async function* drain<T>(
  read: StreamingRead<T>,
  timeoutMs: () => number,
  late: () => Error,
  signals: readonly (AbortSignal | undefined)[],
): AsyncGenerator<T, void, undefined> {
  const state: { failure?: { readonly error: unknown }; ended: boolean } = { ended: false };
  let wake = noop;
  // Stays for good: an error after the end, without a listener, would end the process.
  read.on('error', (error) => {
    state.failure ??= { error };
    wake();
  });
  const over = (): void => {
    state.ended = true;
    wake();
  };
  const readable = (): void => {
    wake();
  };
  read.on('end', over);
  read.on('close', over);
  read.on('readable', readable);
  for (const signal of signals) signal?.addEventListener('abort', readable);
  try {
    for (;;) {
      for (;;) {
        for (const signal of signals) signal?.throwIfAborted();
        const item = read.read() as T | null;
        if (item === null) break;
        yield item;
      }
      if (state.failure) throw state.failure.error;
      if (state.ended) return;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(late());
        }, timeoutMs());
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    for (const signal of signals) signal?.removeEventListener('abort', readable);
    wake();
    read.cancel().catch(noop);
    // A paused call never learns that it is over, and the client waits for that when it is disposed of.
    read.resume();
  }
}
