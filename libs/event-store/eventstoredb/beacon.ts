import type { Position } from '../index.js';
import {
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventStoreAccessDeniedError,
  EventStoreError,
  EventStoreUnavailableError,
} from '../index.js';
import { noop, rest, withinTime } from './waiting.js';

/** Beacons of one process are at least so far apart; all who ask meanwhile share the next one. */
export const BEACON_INTERVAL_MS = 500;

interface Asker {
  waits: boolean;
  resolve: (position: Position) => void;
  reject: (error: Error) => void;
}

/**
 * Shares acknowledged appends of a beacon among all who need a barrier. A beacon serves only those who asked before its
 * append began: what was acknowledged to anybody before they asked lies before it.
 */
export class Beacon {
  private asking: Asker[] = [];
  private running: Promise<void> | undefined;
  private lastAtMs = -Infinity;

  constructor(
    private readonly light: () => Promise<Position>,
    private readonly closing: AbortSignal,
  ) {}

  async ask(timeoutMs = EVENT_STORE_TIMEOUT_MS_DEFAULT, signal?: AbortSignal): Promise<Position> {
    this.closing.throwIfAborted();
    const asker: Asker = { waits: true, resolve: noop, reject: noop };
    const answer = new Promise<Position>((resolve, reject) => {
      Object.assign(asker, { resolve, reject });
      this.asking.push(asker);
    });
    this.running ??= this.run();
    try {
      return await withinTime(
        answer,
        timeoutMs,
        () =>
          new EventStoreUnavailableError(
            `no append was acknowledged within ${String(timeoutMs)} ms: the event store may have no leader`,
          ),
        signal,
        () => new EventStoreUnavailableError('aborted while waiting for a barrier'),
      );
    } finally {
      asker.waits = false;
      this.asking = this.asking.filter((one) => one.waits);
    }
  }

  private async run(): Promise<void> {
    try {
      while (this.asking.length > 0 && !this.closing.aborted) {
        const waitMs = this.lastAtMs + BEACON_INTERVAL_MS - performance.now();
        // At least until all who ask in this turn have asked.
        await rest(Math.max(0, waitMs), this.closing);
        const served = this.asking;
        this.asking = [];
        this.lastAtMs = performance.now();
        try {
          const position = await this.light();
          for (const { resolve } of served) resolve(position);
        } catch (error) {
          if (error instanceof EventStoreAccessDeniedError || !(error instanceof EventStoreError))
            for (const { reject } of served) reject(error as Error);
          // Whoever still waits is served by the next one.
          else this.asking.unshift(...served.filter(({ waits }) => waits));
        }
      }
    } finally {
      this.running = undefined;
      const reason: unknown = this.closing.reason;
      if (this.closing.aborted) for (const { reject } of this.asking) reject(reason as Error);
      else if (this.asking.length > 0) this.running = this.run();
    }
  }
}
