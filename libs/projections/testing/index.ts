export type { GivenEvent } from './projection-spec.js';
export { projectionSpec, recordedEvents } from './projection-spec.js';
