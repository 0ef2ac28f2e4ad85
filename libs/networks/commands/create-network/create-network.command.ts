import type { Principal } from '#access';
import type { NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { Region } from '../../domain/api-profile.value.js';

export class CreateNetwork {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly networkId: NetworkId;
      readonly name: string;
      readonly region: Region;
    },
  ) {}
}
