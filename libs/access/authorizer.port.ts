import type { AuthorizationTarget, Permission, Principal } from './domain/principal.value.js';

/**
 * May this caller do this to that? Asked by every command and query handler before anything else.
 *
 * - employees: super user, or the permission; a limited manager only for the partners assigned to it;
 * - partner users: `OWN_PARTNER` acts, on their own partner only;
 * - users of a marketplace partner: `OWN_MARKETPLACE` acts, on their own marketplace partner and its connections only;
 * - operators: `OPERATOR` acts only, and never anything that shows a secret;
 * - another network's target is never refused but not found: the caller asks with the target's network after it looked
 *   the target up within the principal's own network.
 *
 * @throws {DomainError} `access/forbidden` (403); the edge records it as `AccessDenied`, coalesced.
 */
export abstract class Authorizer {
  abstract authorize(
    principal: Principal,
    act: Permission | typeof OPERATOR | typeof OWN_PARTNER | typeof OWN_MARKETPLACE,
    target: AuthorizationTarget,
  ): Promise<void>;
}

/** An act of the vendor's operators (Customer Success): creating networks, adding a first super user. */
export const OPERATOR = 'operator';
/** An act of a partner's own users on their own account. */
export const OWN_PARTNER = 'ownPartner';
/** An act of a marketplace partner's own users on its own connections. */
export const OWN_MARKETPLACE = 'ownMarketplace';
