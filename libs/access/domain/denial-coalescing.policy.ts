import type { Actor } from '#event-store';

export const DENIAL_WINDOW_SECONDS = 10;
/** Callers (with a code each) named within one window, over all networks, and of one network. */
export const DENIAL_CALLERS_MAX = 64;
export const DENIAL_CALLERS_PER_NETWORK_MAX = 24;
/** Overflow buckets (network, code) of one window; what is beyond them shares the last one. */
export const DENIAL_OVERFLOW_MAX = 16;
export const DENIAL_CODE_OF_LAST_BUCKET = 'access/denied';

/** One refusal, with everything that names its bucket. */
export interface DenialSeen {
  readonly network: number;
  readonly code: string;
  readonly actor: Actor | null;
  readonly address: string | undefined;
  /** Of the caller: the actor's identity, or the address without one. */
  readonly callerKey: string;
  readonly at: Date;
}

/** What becomes one `AccessDenied`. */
export interface DenialSummary {
  readonly network: number;
  readonly code: string;
  readonly actor: Actor | null;
  readonly address: string | undefined;
  readonly count: number;
  readonly windowSeconds: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly overflow: boolean;
}

interface Bucket {
  readonly network: number;
  readonly code: string;
  readonly actor: Actor | null;
  readonly overflow: boolean;
  address: string | undefined;
  count: number;
  firstAt: Date;
  lastAt: Date;
}

/**
 * The first refusal of a caller and code at once, then one with a count a window. Whatever is thrown at it, a window
 * yields at most `DENIAL_CALLERS_MAX` firsts, as many counts and `DENIAL_OVERFLOW_MAX + 1` overflows; no refusal is
 * left uncounted. No network takes more than its share of the named callers.
 */
export class DenialCoalescing {
  private named = new Map<string, Bucket>();
  private overflow = new Map<string, Bucket>();
  private readonly perNetwork = new Map<number, number>();

  /** The event to store at once, if this is a first. */
  see(denial: DenialSeen): DenialSummary | undefined {
    const key = `${String(denial.network)} ${denial.code} ${denial.callerKey}`;
    const known = this.named.get(key);
    if (known) {
      count(known, denial, 1);
      return undefined;
    }
    const ofNetwork = this.perNetwork.get(denial.network) ?? 0;
    if (this.named.size >= DENIAL_CALLERS_MAX || ofNetwork >= DENIAL_CALLERS_PER_NETWORK_MAX) {
      this.countOverflow(denial.network, denial.code, denial.at, denial.at, 1);
      return undefined;
    }
    this.perNetwork.set(denial.network, ofNetwork + 1);
    this.named.set(key, bucketOf(denial));
    const { network, code, actor, address, at } = denial;
    return {
      network,
      code,
      actor,
      address,
      count: 1,
      windowSeconds: 0,
      firstAt: at,
      lastAt: at,
      overflow: false,
    };
  }

  /** Puts what could not be kept for storing back into the counts. */
  countAgain({ network, code, firstAt, lastAt, count: times }: DenialSummary): void {
    this.countOverflow(network, code, firstAt, lastAt, times);
  }

  /** Ends the window: one summary a bucket that counted something; callers that were quiet are forgotten. */
  endWindow(): readonly DenialSummary[] {
    const summaries: DenialSummary[] = [];
    for (const buckets of [this.named, this.overflow])
      for (const [key, bucket] of buckets) {
        if (bucket.count === 0) {
          buckets.delete(key);
          if (buckets === this.named)
            this.perNetwork.set(bucket.network, (this.perNetwork.get(bucket.network) ?? 1) - 1);
          continue;
        }
        summaries.push({ ...bucket, windowSeconds: DENIAL_WINDOW_SECONDS });
        bucket.count = 0;
      }
    for (const [network, callers] of this.perNetwork)
      if (callers === 0) this.perNetwork.delete(network);
    return summaries;
  }

  private countOverflow(
    network: number,
    code: string,
    firstAt: Date,
    lastAt: Date,
    times: number,
  ): void {
    let key = `${String(network)} ${code}`;
    let bucket = this.overflow.get(key);
    const full = !bucket && this.overflow.size >= DENIAL_OVERFLOW_MAX;
    if (full) bucket = this.overflow.get((key = 'last'));
    if (!bucket) {
      const place = full ? { network: 0, code: DENIAL_CODE_OF_LAST_BUCKET } : { network, code };
      bucket = {
        ...place,
        actor: null,
        overflow: true,
        address: undefined,
        count: 0,
        firstAt,
        lastAt,
      };
      this.overflow.set(key, bucket);
    }
    count(bucket, { at: firstAt, address: undefined }, times);
    bucket.lastAt = lastAt;
  }
}

const bucketOf = ({ network, code, actor, address, at }: DenialSeen): Bucket => ({
  network,
  code,
  actor,
  overflow: false,
  address,
  count: 0,
  firstAt: at,
  lastAt: at,
});

function count(
  bucket: Bucket,
  { at, address }: Pick<DenialSeen, 'at' | 'address'>,
  times: number,
): void {
  if (bucket.count === 0) bucket.firstAt = at;
  bucket.count += times;
  bucket.lastAt = at;
  bucket.address = address;
}
