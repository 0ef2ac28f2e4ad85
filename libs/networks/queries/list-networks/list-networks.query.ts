import type { Principal } from '#access';
import type { ReadPlace } from '#projections';
import { encodeCursor } from '#projections';
import type { NetworkView } from '../network.view.js';

export const NETWORKS_CURSOR = 'networks';

export class ListNetworks {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly first: number; readonly after?: string },
    readonly options: ReadPlace = {},
  ) {}
}

/** The place of a network in this caller's list. */
export function networkCursor(
  { actor, networkId }: Principal,
  { networkId: id }: Pick<NetworkView, 'networkId'>,
): string {
  return encodeCursor(NETWORKS_CURSOR, actor.type === 'operator' ? null : networkId, [id]);
}
