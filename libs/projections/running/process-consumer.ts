import { EventStoreUnavailableError } from '#event-store';
import type { RecordedEvent } from '#event-store';
import type { Checkpoints, ConsumerId, Lease, Progress } from '../checkpoints/checkpoints.js';
import { consumerLabel } from '../checkpoints/checkpoints.js';
import type { Batch, Consumer } from './consumer.js';
import { FailingEventError } from './consumer.js';
import { PROCESS_ATTEMPTS_MAX } from '../limits.js';
import type { Process } from '../projection.js';
import { LeaseLostError } from '../projections.errors.js';

/** In order and at least once: the checkpoint moves past an event after `handle` came back from it. */
export class ProcessConsumer implements Consumer {
  readonly id: ConsumerId;
  readonly #types: ReadonlySet<string>;
  #failing: { readonly eventId: string; readonly attempts: number } | undefined;

  constructor(
    readonly process: Process,
    readonly checkpoints: Checkpoints,
  ) {
    this.id = { name: process.name, build: 'process', kind: 'process', version: 1, tables: [] };
    this.#types = new Set(process.handles);
  }

  handles(type: string): boolean {
    return this.#types.has(type);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async handle(batch: Batch, lease: Lease, signal: AbortSignal): Promise<void> {
    for (const [index, event] of batch.events.entries()) {
      if (!this.#types.has(event.type)) continue;
      signal.throwIfAborted();
      await this.#one(event, signal);
      await this.#move(lease, index === batch.events.length - 1 ? batch.end : batch.after(index));
    }
    if (lease.progress.resume !== batch.end.resume) await this.#move(lease, batch.end);
  }

  settle(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async #one(event: RecordedEvent, signal: AbortSignal): Promise<void> {
    try {
      await this.process.handle(event, signal);
      this.#failing = undefined;
    } catch (error) {
      if (isUnavailable(error) || signal.aborted) throw error;
      const attempts = (this.#failing?.eventId === event.id ? this.#failing.attempts : 0) + 1;
      this.#failing = { eventId: event.id, attempts };
      if (attempts >= PROCESS_ATTEMPTS_MAX) throw new FailingEventError(event, error);
      throw error;
    }
  }

  async #move(lease: Lease, to: Progress): Promise<void> {
    const lost = await this.checkpoints.advance([{ lease, to }]);
    if (lost.length > 0) throw new LeaseLostError(consumerLabel(lease.id));
  }
}

/** The store or a database is away: no fault of the event, however long it takes. */
function isUnavailable(error: unknown): boolean {
  if (error instanceof EventStoreUnavailableError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (
    typeof code === 'string' &&
    (/^(ECONN|EPIPE|ETIMEDOUT|08|57P|53)/.test(code) ||
      code.endsWith('/unavailable') ||
      code.endsWith('/outcome-unknown'))
  );
}
