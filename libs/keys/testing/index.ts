export * from './keys-ledger.js';
export { MemoryKeySecrets } from './memory-key-secrets.js';
export { MemoryShares } from './memory-shares.js';
export { keyRingEventExamples, told } from './examples.js';
