import { networkId } from '#kernel';
import type { HolderType, Portal, RingId } from '../domain/portal.value.js';

/** Drivers write `bigint` as text or as a number: both are taken. */
export interface RingColumns {
  readonly network_id: bigint | number | string;
  readonly portal: Portal;
  readonly holder_type: HolderType;
  readonly holder_id: bigint | number | string;
}

export const ringColumns = 'network_id, portal, holder_type, holder_id';

export function ringOf(row: RingColumns): RingId {
  return {
    networkId: networkId(Number(row.network_id)),
    portal: row.portal,
    holder: { type: row.holder_type, id: Number(row.holder_id) },
  };
}
