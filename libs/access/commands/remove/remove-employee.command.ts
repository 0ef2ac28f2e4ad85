import type { EmployeeId, NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { Principal } from '../../domain/principal.value.js';

export class RemoveEmployee {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: { readonly networkId: NetworkId; readonly employeeId: EmployeeId },
  ) {}
}
