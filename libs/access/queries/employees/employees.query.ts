import type { EmployeeId, NetworkId } from '#kernel';
import { encodeCursor, type ReadPlace } from '#projections';
import type { Principal } from '../../domain/principal.value.js';
import type { EmployeeRights } from '../../domain/employee.events.js';

export interface EmployeeView extends EmployeeRights {
  readonly employeeId: EmployeeId;
  readonly issuer: string;
  readonly subject: string;
  readonly removed: boolean;
  readonly admittedAt: string;
}

export const EMPLOYEES_CURSOR = 'employees';

/** The place after an employee in the list of the network. */
export const employeeCursor = (networkId: NetworkId, employeeId: EmployeeId | bigint): string =>
  encodeCursor(EMPLOYEES_CURSOR, networkId, [BigInt(employeeId)]);

/** A network's employees in the order of their ids, the removed ones too. */
export class ListEmployees {
  constructor(
    readonly principal: Principal,
    readonly input: {
      readonly networkId: NetworkId;
      readonly first: number;
      readonly after?: string | undefined;
    },
    readonly options: ReadPlace = {},
  ) {}
}

export class GetEmployee {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly networkId: NetworkId; readonly employeeId: EmployeeId },
    readonly options: ReadPlace = {},
  ) {}
}
