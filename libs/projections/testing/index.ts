export type { GivenEvent } from './projection-spec.js';
export { TestPatience } from './test-patience.js';
export { projectionSpec, recordedEvents } from './projection-spec.js';
