import type { Principal } from '#access';
import type { Position } from '#event-store';
import type { NetworkId } from '#kernel';
import type { AsOf } from '#projections';

export class GetNetwork {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly networkId: NetworkId },
    readonly options: {
      readonly atLeast?: Position;
      readonly asOf?: AsOf;
      readonly signal?: AbortSignal;
    } = {},
  ) {}
}
