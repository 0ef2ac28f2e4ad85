import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { MarketplacePartnerId } from '#kernel';
import type { Page, ReadPlace, ReadResult } from '#projections';
import type { ConnectionKey } from './connection-key.view.js';

/** The active affiliate keys of a marketplace partner's connections of now, masked, newest first. */
export class ListConnectionKeys extends Query<ReadResult<Page<ConnectionKey>>> {
  constructor(
    readonly principal: Principal,
    readonly input: {
      /** Employees name one; a marketplace partner's user has its own. */
      readonly marketplacePartnerId?: MarketplacePartnerId;
      readonly first?: number;
      readonly after?: string;
    },
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
