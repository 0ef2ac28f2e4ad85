export { partnerEventExamples } from './examples.js';
export { MemoryDeadLetters } from './memory-dead-letters.js';
