import type { AuthorizationTarget, Permission, Principal } from './principal.value.js';

/** The acts that are no employee permission. */
export type SpecialAct = 'operator' | 'ownPartner' | 'ownMarketplace';

/** Why this caller may not, or `undefined` when they may. Pure: the roles, scopes and approvals to come plug in here. */
export function refusalOf(
  principal: Principal,
  act: Permission | SpecialAct,
  target: AuthorizationTarget,
): { readonly required: string } | undefined {
  const refused = { required: act };
  const { actor, employee, partnerUser, marketplaceUser } = principal;
  // What the system does on its own (processes) is decided by events that somebody was allowed to cause. It never sees a secret.
  if (actor.type === 'system') return act === 'partner.api_keys.reveal' ? refused : undefined;
  if (actor.type === 'operator') return act === 'operator' ? undefined : refused;
  if (act === 'operator') return refused;
  if (principal.networkId === null || principal.networkId !== target.networkId) return refused;
  if (act === 'ownPartner')
    return partnerUser && partnerUser.partnerId === target.partnerId ? undefined : refused;
  if (act === 'ownMarketplace')
    return marketplaceUser && marketplaceUser.marketplacePartnerId === target.marketplacePartnerId
      ? undefined
      : refused;
  if (!employee) return refused;
  if (employee.superUser) return undefined;
  if (!employee.permissions.includes(act)) return refused;
  if (
    employee.scope === 'limited' &&
    target.partnerId !== undefined &&
    target.managerId !== employee.employeeId
  )
    return { required: 'manager-of-the-partner' };
  return undefined;
}
