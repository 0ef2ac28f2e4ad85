import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { PartnerId } from '#kernel';
import type { Page, ReadPlace, ReadResult } from '#projections';
import type { KeyView } from './key.view.js';

/** The first page of keys of each of several partners, the newest first. */
export class ListKeysOfPartners extends Query<ReadResult<ReadonlyMap<number, Page<KeyView>>>> {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly partnerIds: readonly PartnerId[]; readonly first: number },
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
