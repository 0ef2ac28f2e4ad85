import type { Principal } from '#access';
import type { EmployeeId } from '#kernel';
import type { PartnerStatus } from '../../domain/partner.value.js';
import type { PartnerReadOptions } from '../read-request.js';

export interface PartnerFilters {
  readonly status?: PartnerStatus;
  readonly managerId?: EmployeeId;
  /** With open flags, or without. */
  readonly flagged?: boolean;
  /** Part of the name, whatever its case. */
  readonly name?: string;
}

export class ListPartners {
  constructor(
    readonly principal: Principal,
    readonly input: PartnerFilters & { readonly first: number; readonly after?: string },
    readonly options: PartnerReadOptions = {},
  ) {}
}
