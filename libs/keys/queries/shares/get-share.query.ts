import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { ShareId } from '#kernel';
import type { ReadPlace, ReadResult } from '#projections';
import type { ShareView } from './share.view.js';

export class GetShare extends Query<ReadResult<ShareView>> {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly shareId: ShareId },
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
