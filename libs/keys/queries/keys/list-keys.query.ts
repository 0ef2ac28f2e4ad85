import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { Page, ReadPlace, ReadResult } from '#projections';
import type { KeyFilter } from '../key-directory.rows.js';
import type { KeyView } from './key.view.js';

export interface ListKeysInput extends Pick<
  KeyFilter,
  'holderId' | 'holderType' | 'label' | 'partnerId' | 'portal' | 'status'
> {
  readonly first?: number;
  readonly after?: string;
}

/** All keys that the caller may see, revoked ones too, the newest first. */
export class ListKeys extends Query<ReadResult<Page<KeyView>>> {
  constructor(
    readonly principal: Principal,
    readonly input: ListKeysInput,
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
