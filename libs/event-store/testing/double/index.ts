export { DoubleLog } from './double-log.js';
export type { DoubleMember } from './cluster.js';
export type { DoubleOptions } from './event-store-db-double.js';
export { EventStoreDbDouble } from './event-store-db-double.js';
export type { AppendFault, Endpoint, ReadFault } from './faults.js';
export { Faults } from './faults.js';
export { TcpGate } from './tcp-gate.js';
