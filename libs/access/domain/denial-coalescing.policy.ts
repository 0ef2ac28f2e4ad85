import type { Actor } from '#event-store';

export const DENIAL_WINDOW_SECONDS = 10;
/** Callers (with a code each) named within one window, over all networks, and of one network. */
export const DENIAL_CALLERS_MAX = 384;
export const DENIAL_CALLERS_PER_NETWORK_MAX = 24;
/** A network takes at most this part of the places that are free: however many are noisy, the next finds some. */
export const DENIAL_FREE_CALLERS_SHARE = 1 / 8;
/** Overflow buckets (network, code) of one window; what is beyond them shares the last one. */
export const DENIAL_OVERFLOW_MAX = 128;
/** Overflow buckets of one network by code; its other codes share one more. */
export const DENIAL_OVERFLOW_PER_NETWORK_MAX = 4;
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

class Tally {
  private readonly counts = new Map<number, number>();

  of(network: number): number {
    return this.counts.get(network) ?? 0;
  }

  add(network: number, change: 1 | -1): void {
    const count = this.of(network) + change;
    if (count === 0) this.counts.delete(network);
    else this.counts.set(network, count);
  }
}

/**
 * The first refusal of a caller and code at once, then one with a count a window. Whatever is thrown at it, a window
 * yields at most `DENIAL_CALLERS_MAX` firsts, as many counts and `DENIAL_OVERFLOW_MAX + 1` overflows; no refusal is
 * left uncounted. No network takes more than its share: the noise of some leaves the callers of others their names.
 */
export class DenialCoalescing {
  private readonly named = new Map<string, Bucket>();
  private readonly overflow = new Map<string, Bucket>();
  private readonly callers = new Tally();
  private readonly overflows = new Tally();

  /** The event to store at once, if this is a first. */
  see(denial: DenialSeen): DenialSummary | undefined {
    const key = `${String(denial.network)} ${denial.code} ${denial.callerKey}`;
    const known = this.named.get(key);
    if (known) {
      count(known, denial, 1);
      return undefined;
    }
    const share = Math.min(
      DENIAL_CALLERS_PER_NETWORK_MAX,
      (DENIAL_CALLERS_MAX - this.named.size) * DENIAL_FREE_CALLERS_SHARE,
    );
    if (this.callers.of(denial.network) >= share) {
      this.countOverflow(denial.network, denial.code, denial.at, denial.at, 1);
      return undefined;
    }
    this.callers.add(denial.network, 1);
    this.named.set(key, bucketOf(denial, false));
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
    for (const [buckets, tally] of [
      [this.named, this.callers],
      [this.overflow, this.overflows],
    ] as const)
      for (const [key, bucket] of buckets) {
        if (bucket.count === 0) {
          buckets.delete(key);
          tally.add(bucket.network, -1);
          continue;
        }
        summaries.push({ ...bucket, windowSeconds: DENIAL_WINDOW_SECONDS });
        bucket.count = 0;
      }
    return summaries;
  }

  private countOverflow(
    network: number,
    code: string,
    firstAt: Date,
    lastAt: Date,
    times: number,
  ): void {
    const bucket = this.overflowOf(network, code, firstAt);
    count(bucket, { at: firstAt, address: undefined }, times);
    bucket.lastAt = lastAt;
  }

  private overflowOf(network: number, code: string, at: Date): Bucket {
    const place = this.overflowPlace({ network, code });
    let bucket = this.overflow.get(keyOf(place));
    if (!bucket) {
      bucket = bucketOf({ ...place, actor: null, address: undefined, at }, true);
      this.overflow.set(keyOf(place), bucket);
      this.overflows.add(place.network, 1);
    }
    return bucket;
  }

  private overflowPlace(own: OverflowPlace): OverflowPlace {
    if (this.overflow.has(keyOf(own))) return own;
    const crowded = this.overflows.of(own.network) >= DENIAL_OVERFLOW_PER_NETWORK_MAX;
    const place = crowded ? { ...own, code: DENIAL_CODE_OF_LAST_BUCKET } : own;
    if (this.overflow.has(keyOf(place)) || this.overflow.size < DENIAL_OVERFLOW_MAX) return place;
    return { network: 0, code: DENIAL_CODE_OF_LAST_BUCKET };
  }
}

type OverflowPlace = Pick<Bucket, 'network' | 'code'>;
const keyOf = ({ network, code }: OverflowPlace): string => `${String(network)} ${code}`;

const bucketOf = (
  { network, code, actor, address, at }: Omit<DenialSeen, 'callerKey'>,
  overflow: boolean,
): Bucket => ({
  network,
  code,
  actor,
  overflow,
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
