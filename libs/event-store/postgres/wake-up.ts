import pg from 'pg';
import type { ConnectionOptions } from './connection.js';
import { clientConfig, cut } from './connection.js';

/** Wakes the subscribers of other processes; what they rely on is the poll behind it. */
export const LOG_CHANNEL = 'keyledger_log';
/** Notifications are sent at most so often. */
export const NOTIFY_INTERVAL_MS = 10;

/** Behind the notifications: nobody waits longer for what is stored. */
export const POLL_INTERVAL_MS = 1_000;
export const LISTEN_RETRY_DELAY_MS = 1_000;

/**
 * Tells waiting subscribers that the log may have moved: at once for what this process stored, by `NOTIFY` for what
 * others did, and each second in any case. It may wake for nothing, and a lost notification costs a poll. `NOTIFY` is no
 * part of an append: it would hold one lock of the whole server until the commit is on disk.
 */
export class WakeUp {
  private readonly waiting = new Set<() => void>();
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private poll: NodeJS.Timeout | undefined;
  private followers = 0;
  private closed = false;
  /** Rises with each wake-up: one that comes while a subscriber reads is not lost. */
  private ticks = 0;

  private notifying: NodeJS.Timeout | undefined;
  private storedSince = false;

  /** `notify` sends one `NOTIFY`, and swallows its own errors. */
  constructor(
    private readonly connection: ConnectionOptions,
    private readonly notify: () => void,
  ) {}

  get tick(): number {
    return this.ticks;
  }

  now(): void {
    this.ticks += 1;
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }

  /** This process has stored something. */
  stored(): void {
    this.now();
    this.storedSince = true;
    if (!this.notifying && !this.closed) this.notifyOthers();
  }

  /** Connects when the first subscriber comes, and lets go of the connection with the last. */
  follow(): () => void {
    this.followers += 1;
    if (this.followers === 1) {
      this.poll = setInterval(() => {
        this.now();
      }, POLL_INTERVAL_MS);
      void this.listen();
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.followers -= 1;
      if (this.followers === 0) this.stop();
    };
  }

  /** Until a wake-up after `tick`, or the signal's abort. */
  async after(tick: number, signal: AbortSignal): Promise<void> {
    if (this.ticks !== tick || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const resume = () => {
        this.waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.waiting.add(resume);
      signal.addEventListener('abort', resume);
    });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.notifying);
    this.stop();
    this.now();
  }

  private notifyOthers(): void {
    this.notifying = undefined;
    if (!this.storedSince) return;
    this.storedSince = false;
    this.notify();
    this.notifying = setTimeout(() => {
      this.notifyOthers();
    }, NOTIFY_INTERVAL_MS).unref();
  }

  private stop(): void {
    clearInterval(this.poll);
    clearTimeout(this.retry);
    const { client } = this;
    this.client = undefined;
    if (client) cut(client);
  }

  private async listen(): Promise<void> {
    const client = new pg.Client(clientConfig(this.connection));
    this.client = client;
    const lost = () => {
      cut(client);
      if (this.client !== client) return;
      this.client = undefined;
      if (this.closed || this.followers === 0) return;
      this.retry = setTimeout(() => void this.listen(), LISTEN_RETRY_DELAY_MS);
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', () => {
      this.now();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${LOG_CHANNEL}`);
      // What came before the LISTEN was heard by nobody.
      this.now();
    } catch {
      lost();
    }
  }
}
