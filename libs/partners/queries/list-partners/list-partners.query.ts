import type { Principal } from '#access';
import type { EmployeeId } from '#kernel';
import { encodeCursor } from '#projections';
import type { ReadPlace } from '#projections';
import type { PartnerStatus } from '../../domain/partner.value.js';
import type { PartnerView } from '../partner.view.js';

export const NAME_SEARCH_CHARACTERS_MAX = 100;

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
    readonly options: ReadPlace = {},
  ) {}
}

export const PARTNERS_CURSOR = 'partners';

/** The place of a partner in this caller's list. */
export function partnerCursor(
  { networkId }: Principal,
  { partnerId }: Pick<PartnerView, 'partnerId'>,
): string {
  return encodeCursor(PARTNERS_CURSOR, networkId, [partnerId]);
}
