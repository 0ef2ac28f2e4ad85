import type { EmployeeId } from '#kernel';
import type { EmployeeRights } from './employee.events.js';

/** Who decides. An employee's rights are those that the roster itself says at the moment of the decision. */
export type RosterAuthority =
  | { readonly kind: 'operator' }
  | { readonly kind: 'system' }
  | { readonly kind: 'employee'; readonly employeeId: EmployeeId };

export interface AdmitEmployee {
  readonly kind: 'admit';
  readonly by: RosterAuthority;
  readonly employeeId: EmployeeId;
  readonly issuer: string;
  readonly subject: string;
  readonly rights: EmployeeRights;
}

export interface ChangeEmployeeRights {
  readonly kind: 'changeRights';
  readonly by: RosterAuthority;
  readonly employeeId: EmployeeId;
  /** What is absent stays. */
  readonly rights: Partial<EmployeeRights>;
}

export interface RemoveEmployee {
  readonly kind: 'remove';
  readonly by: RosterAuthority;
  readonly employeeId: EmployeeId;
}

export type RosterCommand = AdmitEmployee | ChangeEmployeeRights | RemoveEmployee;
