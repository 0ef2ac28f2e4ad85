import { describe, it } from '@jest/globals';
import { projectionSpec } from '#projections/testing';
import { identitiesProjection } from './identities.projection.js';

const spec = projectionSpec(identitiesProjection);
const pat = { issuer: 'https://id.example', subject: 'pat' };
const rights = { superUser: false, permissions: ['partners.read'], scope: 'limited' };
const roster = 'employee-1-roster';
const admitted = {
  type: 'EmployeeAdmitted',
  streamId: roster,
  data: { employeeId: 7, ...pat, ...rights },
};
const removed = { type: 'EmployeeRemoved', streamId: roster, data: { employeeId: 7, ...pat } };
const linked = { type: 'PartnerUserLinked', streamId: 'partner-1-1001', data: pat };
const unlinked = { type: 'PartnerUserUnlinked', streamId: 'partner-1-1001', data: pat };

describe('the identities of the networks', () => {
  it('hold an employee with the rights of now, also when an operator admitted them', () => {
    const to = { superUser: true, permissions: [], scope: 'global' };
    const given = spec.given([
      { ...admitted, metadata: { networkId: null } },
      {
        type: 'EmployeeRightsChanged',
        streamId: roster,
        data: { employeeId: 7, ...pat, from: rights, to },
      },
    ]);
    given.thenRows('identities', [
      {
        network_id: 1n,
        ...pat,
        kind: 'employee',
        employee_id: 7n,
        super_user: true,
        scope: 'global',
        removed: false,
      },
    ]);
    given.thenRows('employees', [
      { network_id: 1n, employee_id: 7n, super_user: true, permissions: [], removed: false },
    ]);
  });

  it('hold a partner user of one network only', () => {
    spec.given([linked]).thenRows('identities', [
      {
        network_id: 1n,
        ...pat,
        kind: 'partnerUser',
        partner_id: 1001n,
        super_user: false,
        removed: false,
      },
    ]);
  });

  it('take away what was removed or unlinked', () => {
    spec.given([admitted, removed]).thenRows('identities', [{ subject: 'pat', removed: true }]);
    spec.given([linked, unlinked]).thenRows('identities', [{ subject: 'pat', removed: true }]);
  });

  it('give an identity to whom it was linked last, and keep the removed employee listed', () => {
    const given = spec.given([admitted, removed, linked]);
    given.thenRows('identities', [
      { kind: 'partnerUser', partner_id: 1001n, employee_id: null, removed: false },
    ]);
    given.thenRows('employees', [{ employee_id: 7n, subject: 'pat', removed: true }]);
  });

  it('let a late removal of the former owner touch nothing', () => {
    spec.given([linked, removed]).thenRows('identities', [{ kind: 'partnerUser', removed: false }]);
    spec.given([admitted, unlinked]).thenRows('identities', [{ kind: 'employee', removed: false }]);
  });
});
