import type { RecordedEvent } from '#event-store';
import type { Projection, ProjectionTable, Row, RowChange } from '#projections';
import type {
  EmployeeAdmitted,
  EmployeeRemoved,
  EmployeeRightsChanged,
} from '../domain/employee.events.js';

/** Events of #partners, known by their type: a door to that lib would close a circle. */
export interface PartnerUserEventData {
  readonly issuer: string;
  readonly subject: string;
}
export const PARTNER_USER_LINKED = 'PartnerUserLinked';
export const PARTNER_USER_UNLINKED = 'PartnerUserUnlinked';
export const MARKETPLACE_USER_LINKED = 'MarketplaceUserLinked';
export const MARKETPLACE_USER_UNLINKED = 'MarketplaceUserUnlinked';

export const IDENTITIES_PROJECTION = 'identities';

const employees: ProjectionTable = {
  columns: {
    network_id: 'bigint',
    employee_id: 'bigint',
    issuer: 'text',
    subject: 'text',
    super_user: 'boolean',
    permissions: 'text[]',
    scope: 'text',
    removed: 'boolean',
    admitted_at: 'timestamptz',
  },
  key: ['network_id', 'employee_id'],
  history: true,
};
export const EMPLOYEES_TABLE = {
  name: 'employees',
  table: employees,
  immutable: ['issuer', 'subject', 'admitted_at'],
};

/** Whom each identity speaks for (the guard reads it), and the employees of each network. */
export const identitiesProjection: Projection = {
  name: IDENTITIES_PROJECTION,
  version: 2,
  tables: {
    identities: {
      columns: {
        network_id: 'bigint',
        issuer: 'text',
        subject: 'text',
        kind: 'text',
        employee_id: 'bigint null',
        super_user: 'boolean',
        permissions: 'text[]',
        scope: 'text null',
        partner_id: 'bigint null',
        marketplace_partner_id: 'bigint null',
        removed: 'boolean',
      },
      key: ['network_id', 'issuer', 'subject'],
    },
    employees,
  },
  handles: [
    'EmployeeAdmitted',
    'EmployeeRightsChanged',
    'EmployeeRemoved',
    PARTNER_USER_LINKED,
    PARTNER_USER_UNLINKED,
    MARKETPLACE_USER_LINKED,
    MARKETPLACE_USER_UNLINKED,
  ],
  apply(event) {
    const network = BigInt(event.streamId.split('-')[1] ?? '');
    switch (event.type) {
      case 'EmployeeAdmitted':
        return admitted(network, event as RecordedEvent<EmployeeAdmitted>);
      case 'EmployeeRightsChanged':
        return rightsChanged(network, event as RecordedEvent<EmployeeRightsChanged>);
      case 'EmployeeRemoved':
        return removed(network, event as RecordedEvent<EmployeeRemoved>);
      case PARTNER_USER_LINKED:
        return [userLinked(network, event, 'partnerUser', 'partner_id')];
      case PARTNER_USER_UNLINKED:
        return [userUnlinked(network, event, 'partnerUser', 'partner_id')];
      case MARKETPLACE_USER_LINKED:
        return [userLinked(network, event, 'marketplaceUser', 'marketplace_partner_id')];
      case MARKETPLACE_USER_UNLINKED:
        return [userUnlinked(network, event, 'marketplaceUser', 'marketplace_partner_id')];
      default:
        return [];
    }
  },
};

type Identity = Pick<PartnerUserEventData, 'issuer' | 'subject'>;

const identityKey = (network: bigint, { issuer, subject }: Identity): Row => ({
  network_id: network,
  issuer,
  subject,
});

function admitted(
  network: bigint,
  { data, metadata }: RecordedEvent<EmployeeAdmitted>,
): readonly RowChange[] {
  const { employeeId, issuer, subject, superUser, permissions, scope } = data;
  const rights = { super_user: superUser, permissions, scope, removed: false };
  const employee = BigInt(employeeId);
  return [
    {
      table: 'identities',
      key: identityKey(network, data),
      change: () => ({
        kind: 'employee',
        employee_id: employee,
        partner_id: null,
        marketplace_partner_id: null,
        ...rights,
      }),
    },
    {
      table: 'employees',
      key: { network_id: network, employee_id: employee },
      change: () => ({ issuer, subject, ...rights, admitted_at: metadata.recordedAt }),
    },
  ];
}

function rightsChanged(
  network: bigint,
  { data }: RecordedEvent<EmployeeRightsChanged>,
): readonly RowChange[] {
  const { superUser, permissions, scope } = data.to;
  return employeeChange(network, data, { super_user: superUser, permissions, scope });
}

const removed = (network: bigint, { data }: RecordedEvent<EmployeeRemoved>) =>
  employeeChange(network, data, { removed: true });

function employeeChange(
  network: bigint,
  identity: Identity & { readonly employeeId: number },
  change: Row,
): readonly RowChange[] {
  const employee = BigInt(identity.employeeId);
  return [
    {
      table: 'identities',
      key: identityKey(network, identity),
      // The identity may speak for somebody else by now: it was released when its employee was removed.
      change: (before) =>
        before?.['kind'] === 'employee' && before['employee_id'] === employee
          ? { ...before, ...change }
          : undefined,
    },
    {
      table: 'employees',
      key: { network_id: network, employee_id: employee },
      change: (before) => (before ? { ...before, ...change } : undefined),
    },
  ];
}

/** `partner-<network>-<id>` and `marketplacePartner-<network>-<id>` both end in whose user it is. */
function holderOf(event: RecordedEvent): bigint {
  return BigInt(event.streamId.split('-')[2] ?? '');
}

type UserKind = 'partnerUser' | 'marketplaceUser';
type HolderColumn = 'partner_id' | 'marketplace_partner_id';

function userLinked(
  network: bigint,
  event: RecordedEvent,
  kind: UserKind,
  column: HolderColumn,
): RowChange {
  return {
    table: 'identities',
    key: identityKey(network, event.data as PartnerUserEventData),
    change: () => ({
      kind,
      employee_id: null,
      super_user: false,
      permissions: [],
      scope: null,
      partner_id: null,
      marketplace_partner_id: null,
      [column]: holderOf(event),
      removed: false,
    }),
  };
}

function userUnlinked(
  network: bigint,
  event: RecordedEvent,
  kind: UserKind,
  column: HolderColumn,
): RowChange {
  return {
    table: 'identities',
    key: identityKey(network, event.data as PartnerUserEventData),
    change: (before) =>
      before?.['kind'] === kind && before[column] === holderOf(event)
        ? { ...before, removed: true }
        : undefined,
  };
}
