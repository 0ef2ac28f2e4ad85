import type { EventCatalogueSection } from '#event-store';
import { actorSchema } from '#event-store';
import type { EmployeeId } from '#kernel';
import { schema } from '#kernel';
import type { AccessDenied } from './domain/access-denied.events.js';
import type {
  EmployeeAdmitted,
  EmployeeEvent,
  EmployeeRemoved,
  EmployeeRights,
  EmployeeRightsChanged,
} from './domain/employee.events.js';
import type { IdentityEvent, IdentityOwner, IdentityReserved } from './domain/identity.events.js';
import type { Permission } from './domain/principal.value.js';

const { boolean, id, integer, list, nullable, object, oneOf, text, time, variants } = schema;

/** Issuer and subject are a key of a read model: together they stay below what a row of a PostgreSQL index holds (2,704). */
export const IDENTITY_TEXT_BYTES_MAX = 1_280;
const identityText = text({ bytesMax: IDENTITY_TEXT_BYTES_MAX });

const rights = {
  superUser: boolean(),
  // By form: events keep names that a later release has no more.
  permissions: list(text<Permission>()),
  scope: oneOf('global', 'limited'),
};
const employee = { employeeId: id<EmployeeId>(), issuer: identityText, subject: identityText };
const identity = object<IdentityReserved['data']>({
  issuer: identityText,
  subject: identityText,
  owner: variants<'kind', IdentityOwner>('kind', {
    employee: object({ kind: oneOf('employee'), employeeId: id() }),
    partnerUser: object({ kind: oneOf('partnerUser'), partnerId: id() }),
    marketplaceUser: object({ kind: oneOf('marketplaceUser'), marketplacePartnerId: id() }),
  }),
});

/** This context's part of the event catalogue. */
export const accessEvents: EventCatalogueSection<EmployeeEvent | IdentityEvent | AccessDenied> = {
  EmployeeAdmitted: {
    version: 1,
    retention: 'governance',
    data: object<EmployeeAdmitted['data']>({ ...employee, ...rights }),
  },
  EmployeeRightsChanged: {
    version: 1,
    retention: 'governance',
    data: object<EmployeeRightsChanged['data']>({
      ...employee,
      from: object<EmployeeRights>(rights),
      to: object<EmployeeRights>(rights),
    }),
  },
  EmployeeRemoved: {
    version: 1,
    retention: 'governance',
    data: object<EmployeeRemoved['data']>(employee),
  },
  IdentityReserved: { version: 1, retention: 'governance', data: identity },
  IdentityReleased: { version: 1, retention: 'governance', data: identity },
  AccessDenied: {
    version: 1,
    retention: 'traffic',
    data: object<AccessDenied['data']>({
      code: text(),
      count: id(),
      windowSeconds: integer(0),
      firstAt: time(),
      lastAt: time(),
      actor: nullable(actorSchema),
      overflow: boolean(),
    }),
  },
};
