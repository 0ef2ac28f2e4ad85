import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { ReadPlace, ReadResult } from '#projections';
import type { OwnApi } from './own-api.view.js';

/** A partner's own API access; never behind what was acknowledged before it was asked for. */
export class GetOwnApi extends Query<ReadResult<OwnApi>> {
  constructor(
    readonly principal: Principal,
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
