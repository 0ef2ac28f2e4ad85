import { expect, it } from '@jest/globals';
import { networkId } from '#kernel';
import type { DeadLetter, DeadLetters } from '../ports/dead-letters.port.js';
import { DEAD_LETTERS_PER_NETWORK_MAX } from '../ports/dead-letters.port.js';

export interface KeptLetter {
  readonly partnerId: number | null;
  readonly count: number;
}

/** What every adapter of `DeadLetters` holds to. `kept` tells a network's letters, oldest first. */
export function deadLettersContract(
  adapter: () => {
    readonly letters: DeadLetters;
    readonly kept: (network: number) => Promise<readonly KeptLetter[]>;
  },
): void {
  let networks = 9_000;
  const freshNetwork = () => (networks += 1);
  const letter = (network: number, n: number, change: Partial<DeadLetter> = {}): DeadLetter => ({
    networkId: networkId(network),
    credentialId: '6f1c1b4e-3f0a-5b83-9f6a-0b7a5f4f2d11',
    kind: 'created',
    partnerId: n,
    pointer: '/name',
    reason: 'required',
    shape: { name: 'null', otherFields: 2 },
    digest: String(n),
    pepperId: 'p1',
    bytes: 100,
    receivedAt: '2026-02-01T00:00:00.000Z',
    ...change,
  });

  it('counts the same letter of the same kind, and keeps others beside it', async () => {
    const { letters, kept } = adapter();
    const network = freshNetwork();
    await letters.keep(letter(network, 1));
    await letters.keep(letter(network, 1));
    await letters.keep(letter(network, 1, { kind: 'updated' }));
    await letters.keep(letter(network, 2, { partnerId: null }));
    expect(await kept(network)).toEqual([
      { partnerId: 1, count: 2 },
      { partnerId: 1, count: 1 },
      { partnerId: null, count: 1 },
    ]);
  });

  it('counts a letter that was kept under an older pepper', async () => {
    const { letters, kept } = adapter();
    const network = freshNetwork();
    await letters.keep(letter(network, 1));
    await letters.keep(letter(network, 1, { digest: 'n', pepperId: 'p2', olderDigests: ['1'] }));
    expect(await kept(network)).toEqual([{ partnerId: 1, count: 2 }]);
  });

  it('counts one letter that comes many times at once', async () => {
    const { letters, kept } = adapter();
    const network = freshNetwork();
    await Promise.all(Array.from({ length: 8 }, () => letters.keep(letter(network, 1))));
    await Promise.all(Array.from({ length: 8 }, (_, n) => letters.keep(letter(network, n + 2))));
    const all = await kept(network);
    expect(all).toHaveLength(9);
    expect(all[0]).toEqual({ partnerId: 1, count: 8 });
  });

  it('keeps the newest of each network, a bounded number, whatever another network sends', async () => {
    const { letters, kept } = adapter();
    const [quiet, loud] = [freshNetwork(), freshNetwork()];
    await letters.keep(letter(quiet, 1));
    for (let n = 1; n <= DEAD_LETTERS_PER_NETWORK_MAX + 3; n += 1)
      await letters.keep(letter(loud, n));
    const all = await kept(loud);
    expect(all).toHaveLength(DEAD_LETTERS_PER_NETWORK_MAX);
    expect(all[0]).toEqual({ partnerId: 4, count: 1 });
    expect(await kept(quiet)).toEqual([{ partnerId: 1, count: 1 }]);
  });
}
