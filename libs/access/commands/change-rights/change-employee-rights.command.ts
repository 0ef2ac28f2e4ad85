import type { EmployeeId, NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { EmployeeRights } from '../../domain/employee.events.js';
import type { Principal } from '../../domain/principal.value.js';

export class ChangeEmployeeRights {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly networkId: NetworkId;
      readonly employeeId: EmployeeId;
      /** What is absent stays. */
      readonly rights: Partial<EmployeeRights>;
    },
  ) {}
}
