import type { EventCatalogueSection } from '#event-store';
import { schema } from '#kernel';
import type { AuditEvent, AuditFilter, AuditQueried } from './domain/audit.events.js';

const { id, object, optional, text, time, uuid } = schema;

export const auditEvents: EventCatalogueSection<AuditEvent> = {
  AuditQueried: {
    version: 1,
    retention: 'governance',
    data: object<AuditQueried['data']>({
      filter: object<AuditFilter>({
        keyId: optional(uuid()),
        partnerId: optional(id()),
        actor: optional(text()),
        type: optional(text()),
        from: optional(time()),
        to: optional(time()),
        text: optional(text()),
        asOf: optional(text()),
      }),
    }),
  },
};
