import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { ReadResult } from '#projections';
import type { MeView } from './me.view.js';

/** Who the caller is to this ledger. */
export class GetMe extends Query<ReadResult<MeView>> {
  constructor(
    readonly principal: Principal,
    readonly options: { readonly signal?: AbortSignal } = {},
  ) {
    super();
  }
}
