export type { RequestContext } from './request-context.js';
export type { DecideRequest, Receipt } from './decide.port.js';
export { CONFLICT_RETRIES_MAX, DecideService, StreamReader } from './decide.port.js';
