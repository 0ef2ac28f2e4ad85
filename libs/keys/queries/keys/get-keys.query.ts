import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { ReadPlace, ReadResult } from '#projections';
import type { KeyDetail } from './key.view.js';

/** Those of a number of keys that the caller may see, in no order. */
export class GetKeys extends Query<ReadResult<readonly KeyDetail[]>> {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly keyIds: readonly KeyId[] },
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
