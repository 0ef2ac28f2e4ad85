export type { HealthReading } from './health.js';
export { HEALTH_CHECK_TIMEOUT_MS, HealthChecks } from './health.js';
export { HealthController } from './health.controller.js';
