import type { EmployeeId, DomainEvent } from '#kernel';
import type { Permission } from './principal.value.js';

/** What an employee may do, and to which partners. */
export interface EmployeeRights {
  readonly superUser: boolean;
  readonly permissions: readonly Permission[];
  /** `limited`: only partners whose manager this employee is. */
  readonly scope: 'global' | 'limited';
}

export type EmployeeAdmitted = DomainEvent<
  'EmployeeAdmitted',
  EmployeeRights & {
    readonly employeeId: EmployeeId;
    readonly issuer: string;
    readonly subject: string;
  }
>;

export type EmployeeRightsChanged = DomainEvent<
  'EmployeeRightsChanged',
  {
    readonly employeeId: EmployeeId;
    readonly issuer: string;
    readonly subject: string;
    readonly from: EmployeeRights;
    readonly to: EmployeeRights;
  }
>;

export type EmployeeRemoved = DomainEvent<
  'EmployeeRemoved',
  { readonly employeeId: EmployeeId; readonly issuer: string; readonly subject: string }
>;

export type EmployeeEvent = EmployeeAdmitted | EmployeeRightsChanged | EmployeeRemoved;
