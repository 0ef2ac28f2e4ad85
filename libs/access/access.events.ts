import type { EventCatalogueSection } from '#event-store';
import type { AccessDenied } from './domain/access-denied.events.js';
import type { EmployeeEvent } from './domain/employee.events.js';
import type { IdentityEvent } from './domain/identity.events.js';

/** This context's part of the event catalogue. */
export const accessEvents: EventCatalogueSection<EmployeeEvent | IdentityEvent | AccessDenied> = {
  EmployeeAdmitted: { version: 1, retention: 'governance' },
  EmployeeRightsChanged: { version: 1, retention: 'governance' },
  EmployeeRemoved: { version: 1, retention: 'governance' },
  IdentityReserved: { version: 1, retention: 'governance' },
  IdentityReleased: { version: 1, retention: 'governance' },
  AccessDenied: { version: 1, retention: 'traffic' },
};
