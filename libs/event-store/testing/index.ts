export type { EventStoreUnderTest, LogUnderTest } from './event-store.contract.js';
export { eventStoreContract } from './event-store.contract.js';
export { CONTRACT_WAIT_MS, Following, within } from './following.js';
export { goldenSuite } from './golden.js';
