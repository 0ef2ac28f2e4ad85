/** What happens to one call instead of, or after, what it asked for. */
export type AppendFault =
  /** A follower's answer; nothing is stored. */
  | 'notLeader'
  | 'unavailable'
  | 'notReady'
  | 'timeout'
  | 'unknown'
  | 'internal'
  | 'denied'
  /** Stored, and then the answer is lost: `unavailable`. */
  | 'storedThenUnavailable'
  | 'storedThenTimeout'
  /** Stored, and no answer ever comes. */
  | 'storedThenSilence'
  | 'silence'
  /** On the batch route: answered, and a moment later once more. */
  | 'answeredTwice';

export type ReadFault =
  'notLeader' | 'unavailable' | 'notReady' | 'unknown' | 'internal' | 'silence';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a test makes go wrong, call by call or until further notice. */
export class Faults {
  /** Before every answer. */
  delayMs = 0;
  /** After this many events a read or subscription breaks off with `unavailable`, once. */
  breakReadAfter: number | undefined;
  /** Whom `notLeader` names. */
  leader: Endpoint = { host: '127.0.0.1', port: 1 };
  private readonly appends: AppendFault[] = [];
  private readonly reads: ReadFault[] = [];

  /** The next appends, one each. */
  onAppend(...faults: readonly AppendFault[]): void {
    this.appends.push(...faults);
  }

  /** The next reads and subscriptions, one each. */
  onRead(...faults: readonly ReadFault[]): void {
    this.reads.push(...faults);
  }

  clear(): void {
    this.appends.length = 0;
    this.reads.length = 0;
    this.delayMs = 0;
    this.breakReadAfter = undefined;
  }

  takeAppend(): AppendFault | undefined {
    return this.appends.shift();
  }

  takeRead(): ReadFault | undefined {
    return this.reads.shift();
  }
}
