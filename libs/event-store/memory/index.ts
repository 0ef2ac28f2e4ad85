export { MemoryEventStore, MemoryLog } from './memory-event-store.js';
