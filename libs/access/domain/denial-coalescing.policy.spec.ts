import { describe, expect, it } from '@jest/globals';
import {
  DENIAL_CALLERS_MAX,
  DENIAL_CALLERS_PER_NETWORK_MAX,
  DENIAL_OVERFLOW_MAX,
  DENIAL_OVERFLOW_PER_NETWORK_MAX,
  DENIAL_WINDOW_SECONDS,
  DenialCoalescing,
  type DenialSeen,
} from './denial-coalescing.policy.js';

const at = new Date('2026-01-01T00:00:00Z');
const denial = (more: Partial<DenialSeen> = {}): DenialSeen => ({
  network: 1,
  code: 'access/forbidden',
  actor: null,
  address: '192.0.2.1',
  callerKey: '192.0.2.1',
  at,
  ...more,
});

describe('the coalescing of denials', () => {
  it('tells the first at once, then one with a count a window', () => {
    const coalescing = new DenialCoalescing();
    expect(coalescing.see(denial())).toMatchObject({ count: 1, windowSeconds: 0, overflow: false });
    for (let n = 0; n < 41; n += 1) expect(coalescing.see(denial())).toBeUndefined();
    expect(coalescing.endWindow()).toEqual([
      expect.objectContaining({
        count: 41,
        windowSeconds: DENIAL_WINDOW_SECONDS,
        code: 'access/forbidden',
      }),
    ]);
    expect(coalescing.endWindow()).toEqual([]);
    expect(coalescing.see(denial())).toMatchObject({ count: 1, windowSeconds: 0 });
  });

  it('keeps callers, codes and networks apart', () => {
    const coalescing = new DenialCoalescing();
    for (const more of [{}, { callerKey: 'sam' }, { code: 'access/not-linked' }, { network: 2 }])
      expect(coalescing.see(denial(more))).toMatchObject({ count: 1 });
  });

  it('yields a bounded number of events and loses no count, whatever is thrown at it', () => {
    const coalescing = new DenialCoalescing();
    let events = 0;
    let counted = 0;
    for (let n = 0; n < 100_000; n += 1) {
      const first = coalescing.see(
        denial({
          network: n % 500,
          callerKey: `caller ${String(n % 7_919)}`,
          code: `keys/problem-${String(n % 40)}`,
        }),
      );
      if (first) {
        events += 1;
        counted += first.count;
      }
    }
    for (const summary of coalescing.endWindow()) {
      events += 1;
      counted += summary.count;
    }
    expect(events).toBeLessThanOrEqual(2 * DENIAL_CALLERS_MAX + DENIAL_OVERFLOW_MAX + 1);
    expect(counted).toBe(100_000);
  });

  it('leaves the other networks their place when one is flooded', () => {
    const coalescing = new DenialCoalescing();
    let named = 0;
    for (let n = 0; n < 1_000; n += 1)
      if (coalescing.see(denial({ callerKey: String(n) }))) named += 1;
    expect(named).toBe(DENIAL_CALLERS_PER_NETWORK_MAX);
    expect(coalescing.see(denial({ network: 2 }))).toBeDefined();
  });

  it.each([3, 20, 100])(
    'names a caller of another network whatever %i noisy ones do',
    (networks) => {
      const coalescing = new DenialCoalescing();
      for (let window = 0; window < 3; window += 1) {
        for (let n = 0; n < 10_000; n += 1)
          coalescing.see(
            denial({
              network: 1 + (n % networks),
              callerKey: `${String(window)} ${String(n)}`,
              code: `keys/problem-${String(n % 40)}`,
            }),
          );
        const callerKey = `quiet ${String(window)}`;
        expect(coalescing.see(denial({ network: 900, callerKey }))).toMatchObject({ network: 900 });
        coalescing.endWindow();
      }
    },
  );

  it('counts what it does not name for the network that it was of, by code as far as it goes', () => {
    const coalescing = new DenialCoalescing();
    const named: number[] = [];
    for (let n = 0; n < 10_000; n += 1) {
      const first = coalescing.see(
        denial({
          network: 1 + (n % 10),
          callerKey: String(n),
          code: `keys/problem-${String(Math.floor(n / 100))}`,
        }),
      );
      if (first) named.push(first.network);
    }
    const unnamed = coalescing.endWindow().filter(({ overflow }) => overflow);
    for (let network = 1; network <= 10; network += 1) {
      const own = unnamed.filter((summary) => summary.network === network);
      expect(own).toHaveLength(DENIAL_OVERFLOW_PER_NETWORK_MAX + 1);
      expect(own.reduce((sum, { count }) => sum + count, 0)).toBe(
        1_000 - named.filter((one) => one === network).length,
      );
    }
  });

  it('names new callers again once the old ones are quiet', () => {
    const coalescing = new DenialCoalescing();
    for (let n = 0; n < 1_000; n += 1) coalescing.see(denial({ callerKey: String(n) }));
    coalescing.endWindow();
    coalescing.endWindow();
    expect(coalescing.see(denial({ callerKey: 'new' }))).toBeDefined();
  });

  it('counts again what could not be kept', () => {
    const coalescing = new DenialCoalescing();
    const first = coalescing.see(denial());
    if (first) coalescing.countAgain(first);
    expect(coalescing.endWindow()).toEqual([expect.objectContaining({ count: 1, overflow: true })]);
  });
});
