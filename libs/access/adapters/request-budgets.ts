/** `perSecond` refills continuously, up to `burst`. */
export interface Budget {
  readonly perSecond: number;
  readonly burst: number;
}

export interface BudgetOptions {
  readonly actorRequests: Budget;
  readonly actorMutations: Budget;
  readonly actorGraphqlCost: Budget;
  /** Of callers without a valid token, by address. */
  readonly addressRequests: Budget;
  readonly addressMutations: Budget;
  readonly addressGraphqlCost: Budget;
}

export const BUDGETS_DEFAULT: BudgetOptions = {
  actorRequests: { perSecond: 100, burst: 500 },
  actorMutations: { perSecond: 50, burst: 250 },
  actorGraphqlCost: { perSecond: 5_000, burst: 50_000 },
  addressRequests: { perSecond: 20, burst: 100 },
  addressMutations: { perSecond: 20, burst: 200 },
  addressGraphqlCost: { perSecond: 100, burst: 1_000 },
};

/** Callers remembered at once, for actors and for addresses each. */
export const BUDGET_CALLERS_MAX = 50_000;
/** Old callers looked at to make room for a new one. */
export const BUDGET_SWEEP_MAX = 8;

/** `actor`: a verified (issuer, subject); `address`: everybody else. */
export type BudgetCaller = { readonly kind: 'actor' | 'address'; readonly key: string };
export type BudgetOf = 'requests' | 'mutations' | 'graphqlCost';

interface Bucket {
  tokens: number;
  at: number;
}
type Buckets = Partial<Record<BudgetOf, Bucket>>;

/**
 * Token buckets in this process. A stranger spends only the budget of the own address, never that of an actor, and can't
 * push an actor out of memory: each kind has its own bounded map. In a full map whose oldest are all in use, new callers
 * share one bucket.
 */
export class RequestBudgets {
  private readonly callers = {
    actor: new Map<string, Buckets>(),
    address: new Map<string, Buckets>(),
  };
  private readonly overflow = { actor: {} as Buckets, address: {} as Buckets };
  private readonly options: BudgetOptions;

  constructor(
    options: Partial<BudgetOptions> = {},
    private readonly nowMs: () => number = () => performance.now(),
    private readonly callersMax = BUDGET_CALLERS_MAX,
  ) {
    this.options = { ...BUDGETS_DEFAULT, ...options };
  }

  /** 0 when the amount was taken, else the seconds (1 or more) until it will be there. Nothing is taken then. */
  take(caller: BudgetCaller, of: BudgetOf, amount = 1): number {
    const budget = this.budget(caller.kind, of);
    const now = this.nowMs();
    const buckets = this.bucketsOf(caller, now);
    const bucket = (buckets[of] ??= { tokens: budget.burst, at: now });
    bucket.tokens = refilled(bucket, budget, now);
    bucket.at = now;
    if (bucket.tokens >= amount) {
      bucket.tokens -= amount;
      return 0;
    }
    const missing = Math.min(amount, budget.burst) - bucket.tokens;
    return Math.max(1, Math.ceil(missing / budget.perSecond));
  }

  get size(): number {
    return this.callers.actor.size + this.callers.address.size;
  }

  private bucketsOf({ kind, key }: BudgetCaller, now: number): Buckets {
    const map = this.callers[kind];
    const known = map.get(key);
    if (known) {
      map.delete(key);
      map.set(key, known);
      return known;
    }
    if (map.size >= this.callersMax) this.sweep(kind, now);
    if (map.size >= this.callersMax) return this.overflow[kind];
    const fresh: Buckets = {};
    map.set(key, fresh);
    return fresh;
  }

  /** A caller whose buckets are full again is the same as one never seen. */
  private sweep(kind: BudgetCaller['kind'], now: number): void {
    let looked = 0;
    for (const [key, buckets] of this.callers[kind]) {
      if (this.isFull(kind, buckets, now)) this.callers[kind].delete(key);
      looked += 1;
      if (looked >= BUDGET_SWEEP_MAX) return;
    }
  }

  private isFull(kind: BudgetCaller['kind'], buckets: Buckets, now: number): boolean {
    return (Object.entries(buckets) as [BudgetOf, Bucket][]).every(([of, bucket]) => {
      const budget = this.budget(kind, of);
      return refilled(bucket, budget, now) >= budget.burst;
    });
  }

  private budget(kind: BudgetCaller['kind'], of: BudgetOf): Budget {
    const { options } = this;
    if (kind === 'actor')
      return {
        requests: options.actorRequests,
        mutations: options.actorMutations,
        graphqlCost: options.actorGraphqlCost,
      }[of];
    return {
      requests: options.addressRequests,
      mutations: options.addressMutations,
      graphqlCost: options.addressGraphqlCost,
    }[of];
  }
}

const refilled = ({ tokens, at }: Bucket, { perSecond, burst }: Budget, now: number) =>
  Math.min(burst, tokens + ((now - at) / 1_000) * perSecond);
