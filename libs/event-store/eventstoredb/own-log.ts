import type { Ledger } from '../index.js';
import { EventStoreUnavailableError, LogMismatchError } from '../index.js';
import type { SafeClient } from './safe-client.js';
import { withinTime } from './waiting.js';

/** Looks that a lost connection, or a leader elsewhere, may bring to nothing. */
export const OWN_LOG_LOOKS_MAX = 3;

/** One connection, of which it is known that it leads to the ledger's own log; `undefined`: no log was named yet. */
export type OwnConnection = number | undefined;

/**
 * Holds a process to one log: a server keeps its log for as long as a connection to it lives, so the log's identity is
 * read once on each connection, before anything else is sent on it. What was answered while the connection changed may
 * be another server's word, and counts as unanswered.
 */
export class OwnLog {
  private logId: string | undefined;
  private seenOn: OwnConnection;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly safe: SafeClient,
    private readonly find: () => Promise<Ledger | undefined>,
    private readonly description: string,
  ) {}

  keepTo(logId: string): void {
    this.logId = logId;
    this.seenOn = undefined;
  }

  /**
   * @throws {LogMismatchError} the server holds another log.
   * @throws {EventStoreUnavailableError} the server does not show the log, or could not be asked. Nothing was sent.
   */
  async connection(timeoutMs: number, signal?: AbortSignal): Promise<OwnConnection> {
    if (this.logId === undefined) return undefined;
    if (this.seenOn !== this.safe.connection) {
      this.looking ??= this.look(this.logId).finally(() => {
        this.looking = undefined;
      });
      const unavailable = (why: string) => (): Error =>
        new EventStoreUnavailableError(`whether the log is log ${this.logId ?? '?'}: ${why}`);
      await withinTime(
        this.looking,
        timeoutMs,
        unavailable(`no answer within ${String(timeoutMs)} ms`),
        signal,
        unavailable('aborted before the answer came'),
      );
      if (this.seenOn !== this.safe.connection) throw unavailable('the connection was lost')();
    }
    return this.safe.connection;
  }

  isStill(connection: OwnConnection): boolean {
    return connection === undefined || connection === this.safe.connection;
  }

  private async look(logId: string): Promise<void> {
    for (let looks = 0; looks < OWN_LOG_LOOKS_MAX; looks += 1) {
      const connection = await this.safe.connect();
      const ledger = await this.find();
      if (connection !== this.safe.connection) continue;
      // A node that just became leader may not find for a moment what it has.
      if (!ledger)
        throw new EventStoreUnavailableError(
          `${this.description} shows no ledger, not log ${logId}`,
        );
      if (ledger.logId !== logId)
        throw new LogMismatchError(
          `${this.description} holds log ${ledger.logId}, not log ${logId}, which this process was started on`,
        );
      this.seenOn = connection;
      return;
    }
  }
}
