import type { Principal } from '../../domain/principal.value.js';
import type { EmployeeRights } from '../../domain/employee.events.js';

/** Who the caller is to this ledger. */
export interface MeView {
  readonly kind: 'employee' | 'partnerUser' | 'service' | 'operator' | 'system';
  readonly issuer: string;
  readonly subject: string;
  readonly networkId: number | null;
  readonly employee: (EmployeeRights & { readonly employeeId: number }) | null;
  readonly partnerId: number | null;
}

export class GetMe {
  constructor(
    readonly principal: Principal,
    readonly signal?: AbortSignal,
  ) {}
}
