import type { EmployeeId, NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { EmployeeRights } from '../../domain/employee.events.js';
import type { Principal } from '../../domain/principal.value.js';

export interface AdmitEmployeeInput {
  readonly networkId: NetworkId;
  readonly employeeId: EmployeeId;
  readonly issuer: string;
  readonly subject: string;
  readonly rights: EmployeeRights;
}

export class AdmitEmployee {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: AdmitEmployeeInput,
  ) {}
}
