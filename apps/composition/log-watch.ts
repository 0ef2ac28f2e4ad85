import { LOG_TOLERANCE_MS } from './own-log.js';
import type { OtherLog } from './own-log.js';

export const LOG_WATCH_INTERVAL_MS = 2_000;
/** While it is in doubt whether the log is the right one, and so nothing is served. */
export const LOG_DOUBT_INTERVAL_MS = 500;

/**
 * Asks again and again whether the log is still the one that the database was filled from: somebody may restore it, or
 * put another server in its place, under a running process.
 */
export class LogWatch {
  /** Why nothing must be served; `undefined`: all is well, as far as could be asked. */
  otherLog: string | undefined;
  /** What was seen may be passing, or another log: nothing must be served until that is known. */
  doubt: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private doubtfulSinceMs: number | undefined;

  constructor(
    private readonly find: () => Promise<OtherLog | undefined>,
    private readonly changed: (otherLog: string | undefined) => void,
  ) {}

  start(): void {
    if (this.stopped) return;
    this.timer = setTimeout(
      () => {
        void this.look().finally(() => {
          this.start();
        });
      },
      this.doubt === undefined ? LOG_WATCH_INTERVAL_MS : LOG_DOUBT_INTERVAL_MS,
    );
    this.timer.unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    let found: OtherLog | undefined;
    try {
      found = await this.find();
    } catch {
      // Event store or database are away: that says nothing about which log it is, and others tell of it.
      return;
    }
    const now = performance.now();
    this.doubt = found?.message;
    this.doubtfulSinceMs = found ? (this.doubtfulSinceMs ?? now) : undefined;
    const believed =
      found && (found.certain || now - (this.doubtfulSinceMs ?? now) >= LOG_TOLERANCE_MS)
        ? found.message
        : undefined;
    // What is known to be another log stays so until the right one was seen.
    if (found && believed === undefined) return;
    if ((believed === undefined) !== (this.otherLog === undefined)) this.changed(believed);
    this.otherLog = believed;
  }
}
