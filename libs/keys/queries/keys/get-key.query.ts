import { Query } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { ReadPlace, ReadResult } from '#projections';
import type { KeyDetail } from './key.view.js';

/** One key with the verdict that it was issued on. */
export class GetKey extends Query<ReadResult<KeyDetail>> {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly keyId: KeyId },
    readonly options: ReadPlace = {},
  ) {
    super();
  }
}
