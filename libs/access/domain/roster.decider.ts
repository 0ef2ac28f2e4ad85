import type { Decider, EmployeeId } from '#kernel';
import { DomainError } from '#kernel';
import type { RosterAuthority, RosterCommand } from './employee.commands.js';
import type { EmployeeEvent, EmployeeRights } from './employee.events.js';
import { PERMISSIONS } from './principal.value.js';

export interface RosterEmployee {
  readonly employeeId: EmployeeId;
  readonly issuer: string;
  readonly subject: string;
  readonly rights: EmployeeRights;
  readonly removed: boolean;
}

/** All employees of one network: "at least one super user" is one invariant, so it has one stream. */
export type Roster = ReadonlyMap<EmployeeId, RosterEmployee>;

export const rosterDecider: Decider<Roster, RosterCommand, EmployeeEvent> = {
  initialState: () => new Map(),
  decide,
  evolve(roster, { type, data }) {
    const next = new Map(roster);
    const before = roster.get(data.employeeId);
    switch (type) {
      case 'EmployeeAdmitted': {
        const { employeeId, issuer, subject, superUser, permissions, scope } = data;
        next.set(employeeId, {
          employeeId,
          issuer,
          subject,
          rights: { superUser, permissions, scope },
          removed: false,
        });
        break;
      }
      case 'EmployeeRightsChanged':
        if (before) next.set(data.employeeId, { ...before, rights: data.to });
        break;
      case 'EmployeeRemoved':
        if (before) next.set(data.employeeId, { ...before, removed: true });
        break;
    }
    return next;
  },
};

function decide(command: RosterCommand, roster: Roster): readonly EmployeeEvent[] {
  const known = roster.get(command.employeeId);
  if (command.kind === 'admit') {
    const rights = normalized(command.rights);
    const { by, employeeId, issuer, subject } = command;
    if (known) {
      const same =
        known.issuer === issuer && known.subject === subject && equal(known.rights, rights);
      if (same && !known.removed) return [];
      throw new DomainError('access/employee-exists', { employeeId });
    }
    if (by.kind === 'operator') {
      if (!rights.superUser) throw forbidden('super-user');
      if (superUsers(roster) > 0) throw new DomainError('access/super-user-exists');
    } else mayGrant(by, rights, roster);
    return [{ type: 'EmployeeAdmitted', data: { employeeId, issuer, subject, ...rights } }];
  }

  if (!known) throw new DomainError('access/unknown-employee');
  const { employeeId, issuer, subject, rights: from } = known;
  if (command.kind === 'remove') {
    if (known.removed) return [];
    mayTouch(command.by, from, roster);
    if (from.superUser) keepsASuperUser(roster);
    return [{ type: 'EmployeeRemoved', data: { employeeId, issuer, subject } }];
  }
  if (known.removed) throw new DomainError('access/unknown-employee');
  const { superUser, permissions, scope } = command.rights;
  const to = normalized({
    superUser: superUser ?? from.superUser,
    permissions: permissions ?? from.permissions,
    scope: scope ?? from.scope,
  });
  if (equal(from, to)) return [];
  mayTouch(command.by, from, roster);
  mayGrant(command.by, to, roster);
  if (from.superUser && !to.superUser) keepsASuperUser(roster);
  return [{ type: 'EmployeeRightsChanged', data: { employeeId, issuer, subject, from, to } }];
}

/** Others than super users give at most the rights that they hold themselves. */
function mayGrant(by: RosterAuthority, rights: EmployeeRights, roster: Roster): void {
  const own = rightsOf(by, roster);
  if (own === 'all' || own.superUser) return;
  if (rights.superUser) throw forbidden('super-user');
  const missing = rights.permissions.filter((permission) => !own.permissions.includes(permission));
  if (missing.length > 0) throw new DomainError('access/forbidden', { required: missing });
  if (own.scope === 'limited' && rights.scope === 'global') throw forbidden('global-scope');
}

/** Only a super user changes or removes a super user. */
function mayTouch(by: RosterAuthority, rights: EmployeeRights, roster: Roster): void {
  const own = rightsOf(by, roster);
  if (own !== 'all' && !own.superUser && rights.superUser) throw forbidden('super-user');
}

function rightsOf(by: RosterAuthority, roster: Roster): EmployeeRights | 'all' {
  if (by.kind === 'system') return 'all';
  if (by.kind === 'operator') throw forbidden('super-user');
  const employee = roster.get(by.employeeId);
  if (!employee || employee.removed) throw forbidden('network.employees.manage');
  const { superUser, permissions } = employee.rights;
  if (!superUser && !permissions.includes('network.employees.manage'))
    throw forbidden('network.employees.manage');
  return employee.rights;
}

const forbidden = (required: string) => new DomainError('access/forbidden', { required });

function keepsASuperUser(roster: Roster): void {
  if (superUsers(roster) < 2) throw new DomainError('access/last-super-user');
}

function superUsers(roster: Roster): number {
  let count = 0;
  for (const employee of roster.values())
    if (employee.rights.superUser && !employee.removed) count += 1;
  return count;
}

/** In the catalogue's order, each once, so that equal rights are equal data. */
function normalized(rights: EmployeeRights): EmployeeRights {
  return {
    superUser: rights.superUser,
    permissions: PERMISSIONS.filter((permission) => rights.permissions.includes(permission)),
    scope: rights.scope,
  };
}

function equal(one: EmployeeRights, other: EmployeeRights): boolean {
  return (
    one.superUser === other.superUser &&
    one.scope === other.scope &&
    one.permissions.join() === other.permissions.join()
  );
}
