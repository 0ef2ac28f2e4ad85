import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { CommandReceipts, RememberedOutcome } from '../index.js';
import { RECEIPTS_KEPT_MS } from '../index.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
const refused = (name: string): RememberedOutcome => ({
  kind: 'refused',
  streamId: 'colour-1-red',
  code: 'colours/refused',
  details: { name },
});

/** What every adapter of `CommandReceipts` does. */
export function commandReceiptsContract(
  name: string,
  open: () => Promise<{ readonly receipts: CommandReceipts; close: () => Promise<void> }>,
): void {
  describe(`command receipts in ${name}`, () => {
    let receipts: CommandReceipts;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ receipts, close } = await open());
    });
    afterAll(() => close());

    it('know a command from its second beginning on, with the first one’s hash', async () => {
      const id = randomUUID();
      expect(await receipts.begin(id, 'one', NOW)).toBeUndefined();
      expect(await receipts.begin(id, 'two', later(1))).toEqual({ requestHash: 'one' });
    });

    it('let exactly one of many beginnings at once be the first', async () => {
      const id = randomUUID();
      const known = await Promise.all(
        Array.from({ length: 16 }, (_, index) => receipts.begin(id, String(index), NOW)),
      );
      expect(known.filter((receipt) => receipt === undefined)).toHaveLength(1);
      expect(new Set(known.flatMap((receipt) => receipt?.requestHash ?? [])).size).toBe(1);
    });

    it('keep the first outcome, with every character of its details', async () => {
      const id = randomUUID();
      await receipts.begin(id, 'hash', NOW);
      await receipts.remember(id, refused('é\u0000\u{1F511}"'));
      await receipts.remember(id, refused('another'));
      expect(await receipts.begin(id, 'hash', NOW)).toEqual({
        requestHash: 'hash',
        outcome: refused('é\u0000\u{1F511}"'),
      });
    });

    it('forget after 24 hours, and not before', async () => {
      const id = randomUUID();
      await receipts.begin(id, 'old', NOW);
      await receipts.remember(id, refused('old'));
      expect(await receipts.begin(id, 'new', later(RECEIPTS_KEPT_MS - 1))).toBeDefined();
      expect(await receipts.begin(id, 'new', later(RECEIPTS_KEPT_MS))).toBeUndefined();
      expect(await receipts.begin(id, 'x', later(RECEIPTS_KEPT_MS))).toEqual({
        requestHash: 'new',
      });
    });

    it('sweep what began before, and nothing else', async () => {
      const [old, young] = [randomUUID(), randomUUID()];
      await receipts.begin(old, 'old', NOW);
      await receipts.begin(young, 'young', later(10));
      await receipts.sweep(later(5));
      expect(await receipts.begin(old, 'again', NOW)).toBeUndefined();
      expect(await receipts.begin(young, 'again', later(10))).toEqual({ requestHash: 'young' });
    });
  });
}
