import type { Principal } from '#access';
import type { NetworkId } from '#kernel';
import type { ReadPlace } from '#projections';

export class GetNetwork {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly networkId: NetworkId },
    readonly options: ReadPlace = {},
  ) {}
}
