import type { Projection } from '#projections';
import { auditTrailProjection } from './projections/audit-trail.projection.js';

export type { AuditErrorCode } from './domain/audit.errors.js';
export type { AuditEvent, AuditFilter, AuditQueried } from './domain/audit.events.js';
export type {
  AuditDescriber,
  AuditDescription,
  AuditOutcome,
} from './domain/audit-description.value.js';
export { describeByConvention } from './domain/audit-description.value.js';
export { auditEvents } from './audit.catalogue.js';
export { auditProblems } from './audit.problems.js';
export { AUDIT_TRAIL, auditTrailProjection } from './projections/audit-trail.projection.js';
export const auditProjections: readonly Projection[] = [auditTrailProjection()];
/** The trail lies in projection tables and in the log: nothing else to migrate. */
export const auditMigrations: readonly never[] = [];
export type { AuditEntry } from './queries/audit-trail/audit-entry.view.js';
export { SearchAuditTrail } from './queries/audit-trail/search-audit-trail.query.js';
export { AuditModule } from './audit.module.js';
