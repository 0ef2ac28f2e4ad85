import type {
  EventStore,
  StoredEvent,
  SubscribeOptions,
  SubscriptionItem,
} from '../event-store.port.js';

/** How long a contract case waits for anything. */
export const CONTRACT_WAIT_MS = 30_000;

/** Fails with a message of its own instead of the runner's time-out. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  ms = CONTRACT_WAIT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`${what}: not within ${String(ms)} ms`));
        }, ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** A subscription that is consumed beside the test. */
export class Following {
  readonly items: SubscriptionItem[] = [];
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;
  private failure: Error | undefined;
  private changed: (() => void)[] = [];

  constructor(store: EventStore, options: SubscribeOptions = {}) {
    this.ended = this.run(store, options).catch((error: unknown) => {
      this.failure = error as Error;
      this.wake();
    });
  }

  get events(): readonly StoredEvent[] {
    return this.items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));
  }

  /** Resolves as soon as the condition holds. */
  async until(
    what: string,
    condition: (items: readonly SubscriptionItem[]) => boolean,
  ): Promise<void> {
    const reached = async () => {
      while (!condition(this.items)) {
        if (this.failure) throw this.failure;
        await new Promise<void>((resolve) => this.changed.push(resolve));
      }
    };
    await within(reached(), `subscription: ${what}`);
  }

  async untilEvent(id: string): Promise<void> {
    await this.until(`event ${id}`, (items) =>
      items.some((item) => item.kind === 'event' && item.event.id === id),
    );
  }

  /** Ends it as a caller does, and gives its error if it had one. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await within(this.ended, 'the end of an aborted subscription');
    if (this.failure) throw this.failure;
  }

  private async run(store: EventStore, options: SubscribeOptions): Promise<void> {
    for await (const item of store.subscribeAll({ ...options, signal: this.stopping.signal })) {
      this.items.push(item);
      this.wake();
    }
  }

  private wake(): void {
    const waiting = this.changed;
    this.changed = [];
    for (const resume of waiting) resume();
  }
}
