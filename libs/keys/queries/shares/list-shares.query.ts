import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { Page, ReadPlace, ReadResult } from '#projections';
import type { ShareFilter } from '../key-directory.rows.js';
import type { ShareView } from './share.view.js';

export interface ListSharesInput extends Pick<ShareFilter, 'keyId' | 'partnerId' | 'status'> {
  readonly first?: number;
  readonly after?: string;
}

/** All shares that the caller may see, the newest first. */
export class ListShares extends Query<ReadResult<Page<ShareView>>> {
  constructor(
    readonly principal: Principal,
    readonly input: ListSharesInput,
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
