import { describe } from '@jest/globals';
import { deadLettersContract } from './dead-letters.contract.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';

describe('dead letters in memory', () => {
  const letters = new MemoryDeadLetters();
  deadLettersContract(() => ({
    letters,
    kept: (network) =>
      Promise.resolve(
        letters.letters(network).map(({ letter: { partnerId }, count }) => ({ partnerId, count })),
      ),
  }));
});
