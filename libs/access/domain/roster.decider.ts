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
      if (!rights.superUser) throw forbidden('operators-admit-super-users-only');
      if (superUsers(roster) > 0) throw new DomainError('access/super-user-exists');
    } else mayGrant(by, rights);
    return [{ type: 'EmployeeAdmitted', data: { employeeId, issuer, subject, ...rights } }];
  }

  if (!known) throw new DomainError('access/unknown-employee');
  const { employeeId, issuer, subject } = known;
  if (command.by.kind === 'operator') throw forbidden('super-user');
  if (command.kind === 'remove') {
    if (known.removed) return [];
    if (known.rights.superUser) {
      mayGrant(command.by, known.rights);
      keepsASuperUser(roster);
    }
    return [{ type: 'EmployeeRemoved', data: { employeeId, issuer, subject } }];
  }
  if (known.removed) throw new DomainError('access/unknown-employee');
  const to = normalized({ ...known.rights, ...command.rights });
  if (equal(known.rights, to)) return [];
  mayGrant(command.by, to);
  if (known.rights.superUser) mayGrant(command.by, known.rights);
  if (known.rights.superUser && !to.superUser) keepsASuperUser(roster);
  return [
    {
      type: 'EmployeeRightsChanged',
      data: { employeeId, issuer, subject, from: known.rights, to },
    },
  ];
}

/** Only a super user makes (or touches) a super user; others give at most the rights that they hold themselves. */
function mayGrant(by: RosterAuthority, rights: EmployeeRights): void {
  if (by.kind === 'system') return;
  if (by.kind === 'operator') throw forbidden('super-user');
  if (by.superUser) return;
  if (rights.superUser) throw forbidden('super-user');
  const missing = rights.permissions.filter((permission) => !by.permissions.includes(permission));
  if (missing.length > 0) throw new DomainError('access/forbidden', { required: missing });
  if (by.scope === 'limited' && rights.scope === 'global') throw forbidden('global-scope');
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
