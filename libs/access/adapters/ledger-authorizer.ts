import { Injectable } from '@nestjs/common';
import { DomainError } from '#kernel';
import {
  Authorizer,
  type OPERATOR,
  type OWN_MARKETPLACE,
  type OWN_PARTNER,
} from '../authorizer.port.js';
import { refusalOf } from '../domain/authorization.policy.js';
import type { AuthorizationTarget, Permission, Principal } from '../domain/principal.value.js';

/** Decides from the principal alone: its rights were read from the ledger when this request arrived. */
@Injectable()
export class LedgerAuthorizer extends Authorizer {
  override authorize(
    principal: Principal,
    act: Permission | typeof OPERATOR | typeof OWN_PARTNER | typeof OWN_MARKETPLACE,
    target: AuthorizationTarget,
  ): Promise<void> {
    const refusal = refusalOf(principal, act, target);
    return refusal
      ? Promise.reject(new DomainError('access/forbidden', refusal))
      : Promise.resolve();
  }
}
