import type { EventCatalogueSection } from '#event-store';
import type { AuditEvent } from './domain/audit.events.js';

export const auditEvents: EventCatalogueSection<AuditEvent> = {
  AuditQueried: { version: 1, retention: 'governance' },
};
