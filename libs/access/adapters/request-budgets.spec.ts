import { describe, expect, it } from '@jest/globals';
import { RequestBudgets, type BudgetCaller } from './request-budgets.js';

const actor: BudgetCaller = { kind: 'actor', key: 'sam' };
const address: BudgetCaller = { kind: 'address', key: '192.0.2.1' };
const small = { perSecond: 2, burst: 4 };

describe('request budgets', () => {
  const setup = (callersMax?: number) => {
    let now = 0;
    const budgets = new RequestBudgets(
      { actorRequests: small, addressRequests: small, actorMutations: { perSecond: 1, burst: 1 } },
      () => now,
      callersMax,
    );
    return { budgets, advance: (ms: number) => (now += ms) };
  };

  it('let a burst through, then say how long to wait, and refill while waiting', () => {
    const { budgets, advance } = setup();
    for (let n = 0; n < 4; n += 1) expect(budgets.take(actor, 'requests')).toBe(0);
    expect(budgets.take(actor, 'requests')).toBe(1);
    advance(500);
    expect(budgets.take(actor, 'requests')).toBe(0);
    expect(budgets.take(actor, 'requests')).toBe(1);
    advance(3_600_000);
    for (let n = 0; n < 4; n += 1) expect(budgets.take(actor, 'requests')).toBe(0);
    expect(budgets.take(actor, 'requests')).toBe(1);
  });

  it('take nothing when they refuse, and tell the wait for a large amount', () => {
    const { budgets } = setup();
    expect(budgets.take(actor, 'requests', 3)).toBe(0);
    expect(budgets.take(actor, 'requests', 4)).toBe(2);
    expect(budgets.take(actor, 'requests', 1)).toBe(0);
  });

  it('are kept for requests, mutations and GraphQL cost apart', () => {
    const { budgets } = setup();
    expect(budgets.take(actor, 'mutations')).toBe(0);
    expect(budgets.take(actor, 'mutations')).toBe(1);
    expect(budgets.take(actor, 'requests')).toBe(0);
    expect(budgets.take(actor, 'graphqlCost', 1_000)).toBe(0);
  });

  it('of an actor are never spent by strangers, whatever their number', () => {
    const { budgets } = setup(100);
    budgets.take(actor, 'requests', 3);
    for (let n = 0; n < 10_000; n += 1)
      budgets.take({ kind: 'address', key: `stranger ${String(n)}` }, 'requests');
    expect(budgets.take(actor, 'requests', 1)).toBe(0);
    expect(budgets.take(actor, 'requests', 1)).toBe(1);
  });

  it('stay bounded in memory: beyond the bound, new callers share one', () => {
    const { budgets, advance } = setup(100);
    let letThrough = 0;
    for (let n = 0; n < 10_000; n += 1)
      if (budgets.take({ kind: 'address', key: String(n) }, 'requests') === 0) letThrough += 1;
    expect(budgets.size).toBe(100);
    expect(letThrough).toBe(104);
    advance(60_000);
    expect(budgets.take(address, 'requests')).toBe(0);
    expect(budgets.size).toBeLessThanOrEqual(100);
  });

  it('forget a caller only when its budget is full again', () => {
    const { budgets, advance } = setup(2);
    budgets.take({ kind: 'address', key: 'spent' }, 'requests', 4);
    advance(1_000);
    for (let n = 0; n < 50; n += 1)
      budgets.take({ kind: 'address', key: `other ${String(n)}` }, 'requests');
    expect(budgets.take({ kind: 'address', key: 'spent' }, 'requests', 3)).toBeGreaterThan(0);
  });
});
