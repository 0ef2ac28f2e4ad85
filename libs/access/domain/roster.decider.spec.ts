import { describe, expect, it } from '@jest/globals';
import { employeeId, fold } from '#kernel';
import { specificationOf } from '#kernel/testing';
import type { RosterAuthority } from './employee.commands.js';
import type { EmployeeAdmitted, EmployeeRights } from './employee.events.js';
import { rosterDecider } from './roster.decider.js';

const given = specificationOf(rosterDecider);
const issuer = 'https://id.example';
const superRights: EmployeeRights = { superUser: true, permissions: [], scope: 'global' };
const admitted = (id: number, rights: EmployeeRights): EmployeeAdmitted => ({
  type: 'EmployeeAdmitted',
  data: { employeeId: employeeId(id), issuer, subject: `user-${String(id)}`, ...rights },
});
const sam = admitted(1, superRights);
const bySam: RosterAuthority = { kind: 'employee', employeeId: employeeId(1) };
const managerRights: EmployeeRights = {
  superUser: false,
  permissions: ['network.employees.manage', 'partners.read'],
  scope: 'limited',
};
const manager = admitted(2, managerRights);
const byManager: RosterAuthority = {
  kind: 'employee',
  employeeId: employeeId(2),
  ...managerRights,
};
const admit = (by: RosterAuthority, id: number, rights: EmployeeRights) =>
  ({
    kind: 'admit',
    by,
    employeeId: employeeId(id),
    issuer,
    subject: `user-${String(id)}`,
    rights,
  }) as const;
const plain: EmployeeRights = {
  superUser: false,
  permissions: ['partners.read'],
  scope: 'limited',
};

describe('the roster of a network', () => {
  it('takes its first super user from an operator, and only the first', () => {
    given()
      .when(admit({ kind: 'operator' }, 1, superRights))
      .then(sam);
    given(sam)
      .when(admit({ kind: 'operator' }, 2, superRights))
      .thenRefused('access/super-user-exists');
    given()
      .when(admit({ kind: 'operator' }, 1, plain))
      .thenRefused('access/forbidden');
  });

  it('lets an operator add a super user again once none is left to remove', () => {
    const removed = {
      type: 'EmployeeRemoved',
      data: { employeeId: employeeId(1), issuer, subject: 'user-1' },
    } as const;
    given(sam, removed)
      .when(admit({ kind: 'operator' }, 2, superRights))
      .then(admitted(2, superRights));
  });

  it('lets only a super user make or remove a super user', () => {
    given(sam, manager)
      .when(admit(bySam, 3, superRights))
      .then(admitted(3, superRights));
    given(sam, manager)
      .when(admit(byManager, 3, superRights))
      .thenRefused('access/forbidden', { required: 'super-user' });
    given(sam, manager, admitted(3, superRights))
      .when({ kind: 'remove', by: byManager, employeeId: employeeId(3) })
      .thenRefused('access/forbidden');
    given(sam, manager)
      .when({
        kind: 'changeRights',
        by: byManager,
        employeeId: employeeId(2),
        rights: { superUser: true },
      })
      .thenRefused('access/forbidden');
    given(sam, manager, admitted(3, superRights))
      .when({
        kind: 'changeRights',
        by: byManager,
        employeeId: employeeId(3),
        rights: { superUser: false },
      })
      .thenRefused('access/forbidden');
  });

  it('takes a right that is null for one that was left out: no event holds a null', () => {
    const rights = JSON.parse(
      '{ "superUser": null, "permissions": null, "scope": null }',
    ) as Partial<EmployeeRights>;
    given(sam, manager)
      .when({ kind: 'changeRights', by: bySam, employeeId: employeeId(2), rights })
      .thenNothingHappened();
  });

  it('lets nobody grant what they do not hold', () => {
    given(sam, manager)
      .when(admit(byManager, 3, { ...plain, permissions: ['partner.api_keys.reveal'] }))
      .thenRefused('access/forbidden', { required: ['partner.api_keys.reveal'] });
    given(sam, manager)
      .when(admit(byManager, 3, { ...plain, scope: 'global' }))
      .thenRefused('access/forbidden');
    given(sam, manager)
      .when(admit(byManager, 3, plain))
      .then(admitted(3, plain));
  });

  it('keeps its last super user, whether removed or demoted', () => {
    given(sam)
      .when({ kind: 'remove', by: bySam, employeeId: employeeId(1) })
      .thenRefused('access/last-super-user');
    given(sam)
      .when({
        kind: 'changeRights',
        by: bySam,
        employeeId: employeeId(1),
        rights: { superUser: false },
      })
      .thenRefused('access/last-super-user');
    given(sam, admitted(3, superRights))
      .when({ kind: 'remove', by: bySam, employeeId: employeeId(1) })
      .then({
        type: 'EmployeeRemoved',
        data: { employeeId: employeeId(1), issuer, subject: 'user-1' },
      });
  });

  it('records rights before and after, and nothing when they are the same', () => {
    given(sam, admitted(3, plain))
      .when({
        kind: 'changeRights',
        by: bySam,
        employeeId: employeeId(3),
        rights: { scope: 'global' },
      })
      .then({
        type: 'EmployeeRightsChanged',
        data: {
          employeeId: employeeId(3),
          issuer,
          subject: 'user-3',
          from: plain,
          to: { ...plain, scope: 'global' },
        },
      });
    given(sam, admitted(3, plain))
      .when({
        kind: 'changeRights',
        by: bySam,
        employeeId: employeeId(3),
        rights: { scope: 'limited' },
      })
      .thenNothingHappened();
  });

  it('never uses an employee id twice, and takes a repeated admission as done', () => {
    given(sam, admitted(3, plain))
      .when(admit(bySam, 3, plain))
      .thenNothingHappened();
    given(sam, admitted(3, plain))
      .when(admit(bySam, 3, superRights))
      .thenRefused('access/employee-exists');
    const removed = {
      type: 'EmployeeRemoved',
      data: { employeeId: employeeId(3), issuer, subject: 'user-3' },
    } as const;
    given(sam, admitted(3, plain), removed)
      .when(admit(bySam, 3, plain))
      .thenRefused('access/employee-exists');
    given(sam, admitted(3, plain), removed)
      .when({
        kind: 'changeRights',
        by: bySam,
        employeeId: employeeId(3),
        rights: { scope: 'global' },
      })
      .thenRefused('access/unknown-employee');
  });

  it('goes by the rights that the roster says now, not by those of an earlier request', () => {
    const removed = {
      type: 'EmployeeRemoved',
      data: { employeeId: employeeId(2), issuer, subject: 'user-2' },
    } as const;
    given(sam, manager, removed)
      .when(admit(byManager, 3, plain))
      .thenRefused('access/forbidden');
    const demoted = {
      type: 'EmployeeRightsChanged',
      data: {
        employeeId: employeeId(2),
        issuer,
        subject: 'user-2',
        from: managerRights,
        to: plain,
      },
    } as const;
    given(sam, manager, demoted)
      .when(admit(byManager, 3, plain))
      .thenRefused('access/forbidden');
  });

  it('does not know employees of whom no event speaks', () => {
    given(sam)
      .when({ kind: 'remove', by: bySam, employeeId: employeeId(9) })
      .thenRefused('access/unknown-employee');
    expect(fold(rosterDecider, []).size).toBe(0);
  });
});
