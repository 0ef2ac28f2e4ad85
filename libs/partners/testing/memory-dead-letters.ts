import type { DeadLetter } from '../ports/dead-letters.port.js';
import { DEAD_LETTERS_PER_NETWORK_MAX, DeadLetters } from '../ports/dead-letters.port.js';

/** Holds to the port's contract; `letters` is what a list would show, oldest first. */
export class MemoryDeadLetters extends DeadLetters {
  private readonly kept: { readonly letter: DeadLetter; count: number }[] = [];

  override keep(letter: DeadLetter): Promise<void> {
    const same = this.kept.find(
      ({ letter: known }) =>
        known.networkId === letter.networkId &&
        known.kind === letter.kind &&
        [letter.digest, ...(letter.olderDigests ?? [])].includes(known.digest),
    );
    if (same) same.count += 1;
    else {
      this.kept.push({ letter, count: 1 });
      const own = this.kept.filter(({ letter: { networkId } }) => networkId === letter.networkId);
      const [oldest] = own;
      if (own.length > DEAD_LETTERS_PER_NETWORK_MAX && oldest)
        this.kept.splice(this.kept.indexOf(oldest), 1);
    }
    return Promise.resolve();
  }

  letters(networkId: number): readonly { readonly letter: DeadLetter; readonly count: number }[] {
    return this.kept.filter(({ letter }) => letter.networkId === networkId);
  }
}
