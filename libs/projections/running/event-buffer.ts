import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Position, RecordedEvent } from '#event-store';
import { BATCH_CHARACTERS_MAX, BATCH_EVENTS_MAX, BATCH_FILL_WAIT_MS } from '../limits.js';

export interface FeedBatch {
  readonly events: readonly RecordedEvent[];
  readonly end: Position;
  /** Of the data and metadata of its events. */
  readonly characters: number;
}

interface Entry {
  readonly event: RecordedEvent | undefined;
  readonly position: Position;
  readonly characters: number;
}

/** Between the subscription and the consumers: bounded, and in batches that grow while the consumers are busy. */
export class EventBuffer {
  #entries: Entry[] = [];
  #characters = 0;
  #failure: { readonly error: unknown } | undefined;
  #changed: (() => void)[] = [];
  /** Of a batch; twice as many wait here. */
  eventsMax = BATCH_EVENTS_MAX;

  /** @param event `undefined`: only progress. */
  push(at: Position, event: RecordedEvent | undefined, characters: number): void {
    const last = this.#entries.at(-1);
    if (last && !last.event) this.#entries.pop();
    this.#entries.push({ event, position: at, characters });
    this.#characters += characters;
    this.#wake();
  }

  /** Thrown by `take` after all that came before it was taken. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  get isFull(): boolean {
    return this.#full(2);
  }

  /** Until there is room for more. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.isFull && !signal.aborted) await this.#change(signal);
  }

  /**
   * The next batch; `undefined` when nothing came within `waitMs`.
   *
   * @param fill whether to wait a moment for a larger one.
   */
  async take(waitMs: number, fill: boolean, signal: AbortSignal): Promise<FeedBatch | undefined> {
    if (this.#entries.length === 0 && !this.#failure) {
      await this.#change(signal, waitMs);
      // What was appended together comes together: nobody shall read the half of it for want of a moment.
      await nextTurn();
    }
    if (fill && this.#entries.length > 0) {
      const until = Date.now() + BATCH_FILL_WAIT_MS;
      for (
        let left = BATCH_FILL_WAIT_MS;
        left > 0 && !this.#full(1) && !this.#failure;
        left = until - Date.now()
      )
        await this.#change(signal, left);
    }
    if (this.#entries.length === 0) {
      if (this.#failure) throw this.#failure.error;
      return undefined;
    }
    return this.#batch();
  }

  #batch(): FeedBatch | undefined {
    let characters = 0;
    let count = 0;
    for (const entry of this.#entries) {
      if (count === this.eventsMax || characters >= BATCH_CHARACTERS_MAX) break;
      characters += entry.characters;
      count += 1;
    }
    const taken = this.#entries.splice(0, count);
    this.#characters -= characters;
    this.#wake();
    const last = taken.at(-1);
    if (!last) return undefined;
    const events: RecordedEvent[] = [];
    for (const { event } of taken) if (event) events.push(event);
    return { events, end: last.position, characters };
  }

  #full(times: number): boolean {
    return (
      this.#entries.length >= this.eventsMax * times ||
      this.#characters >= BATCH_CHARACTERS_MAX * times
    );
  }

  async #change(signal: AbortSignal, waitMs?: number): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = waitMs === undefined ? undefined : setTimeout(done, waitMs);
      signal.addEventListener('abort', done);
      this.#changed.push(done);
    });
  }

  #wake(): void {
    const changed = this.#changed;
    if (changed.length === 0) return;
    this.#changed = [];
    for (const done of changed) done();
  }
}
