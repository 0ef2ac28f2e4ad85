export type { KeptLetter } from './dead-letters.contract.js';
export { deadLettersContract } from './dead-letters.contract.js';
export { partnerEventExamples } from './examples.js';
export { MemoryDeadLetters } from './memory-dead-letters.js';
