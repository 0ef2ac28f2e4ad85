import { describe, expect, it } from '@jest/globals';
import { employeeId, networkId, partnerId } from '#kernel';
import { refusalOf } from './authorization.policy.js';
import { PERMISSIONS, type Permission, type Principal } from './principal.value.js';

const one = networkId(1);
const two = networkId(2);
const actor = { type: 'employee', issuer: 'https://id.example', subject: 'x' } as const;
const employee = (
  superUser: boolean,
  permissions: Permission[],
  scope: 'global' | 'limited',
): Principal => ({
  actor,
  networkId: one,
  employee: { employeeId: employeeId(5), superUser, permissions, scope },
});
const partnerUser: Principal = {
  actor: { ...actor, type: 'partnerUser' },
  networkId: one,
  partnerUser: { partnerId: partnerId(1001) },
};
const operator: Principal = { actor: { ...actor, type: 'operator' }, networkId: null };
const system: Principal = { actor: { ...actor, type: 'system' }, networkId: one };

describe('authorization', () => {
  it('allows a super user every permission in the own network and none in another', () => {
    for (const permission of PERMISSIONS) {
      expect(
        refusalOf(employee(true, [], 'global'), permission, { networkId: one }),
      ).toBeUndefined();
      expect(refusalOf(employee(true, [], 'global'), permission, { networkId: two })).toBeDefined();
    }
  });

  it('allows an employee the permissions that stand in the ledger, no other', () => {
    const reader = employee(false, ['partners.read'], 'global');
    expect(refusalOf(reader, 'partners.read', { networkId: one })).toBeUndefined();
    expect(refusalOf(reader, 'partners.manage', { networkId: one })).toEqual({
      required: 'partners.manage',
    });
  });

  it('holds a limited manager to the partners assigned to them', () => {
    const limited = employee(false, ['partner.api_keys.manage'], 'limited');
    const target = { networkId: one, partnerId: partnerId(1) };
    expect(
      refusalOf(limited, 'partner.api_keys.manage', { ...target, managerId: employeeId(5) }),
    ).toBeUndefined();
    for (const managerId of [employeeId(6), null, undefined])
      expect(
        refusalOf(
          limited,
          'partner.api_keys.manage',
          managerId === undefined ? target : { ...target, managerId },
        ),
      ).toBeDefined();
  });

  it('holds partner users to their own partner and to acts of partner users', () => {
    expect(
      refusalOf(partnerUser, 'ownPartner', { networkId: one, partnerId: partnerId(1001) }),
    ).toBeUndefined();
    expect(
      refusalOf(partnerUser, 'ownPartner', { networkId: one, partnerId: partnerId(1002) }),
    ).toBeDefined();
    expect(
      refusalOf(partnerUser, 'ownPartner', { networkId: two, partnerId: partnerId(1001) }),
    ).toBeDefined();
    expect(
      refusalOf(employee(true, [], 'global'), 'ownPartner', {
        networkId: one,
        partnerId: partnerId(1001),
      }),
    ).toBeDefined();
    for (const permission of PERMISSIONS)
      expect(
        refusalOf(partnerUser, permission, { networkId: one, partnerId: partnerId(1001) }),
      ).toBeDefined();
  });

  it('holds operators to operator acts, and operator acts to operators', () => {
    expect(refusalOf(operator, 'operator', { networkId: null })).toBeUndefined();
    expect(refusalOf(operator, 'operator', { networkId: one })).toBeUndefined();
    for (const permission of PERMISSIONS)
      expect(refusalOf(operator, permission, { networkId: one })).toBeDefined();
    expect(
      refusalOf(operator, 'ownPartner', { networkId: one, partnerId: partnerId(1) }),
    ).toBeDefined();
    for (const principal of [employee(true, [], 'global'), partnerUser])
      expect(refusalOf(principal, 'operator', { networkId: one })).toBeDefined();
  });

  it('never shows the system a secret', () => {
    expect(refusalOf(system, 'partner.api_keys.manage', { networkId: one })).toBeUndefined();
    expect(refusalOf(system, 'partner.api_keys.reveal', { networkId: one })).toBeDefined();
  });
});
