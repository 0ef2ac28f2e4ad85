import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { Page, ReadResult } from '#projections';
import { pageOf } from '#projections';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { keysIn } from '../key-directory.rows.js';
import { placeCursor } from '../page-place.value.js';
import type { KeyView } from './key.view.js';
import { KEYS_CURSOR } from './keys-cursor.value.js';
import { ListKeysOfPartners } from './list-keys-of-partners.query.js';

@QueryHandler(ListKeysOfPartners)
export class ListKeysOfPartnersHandler implements IQueryHandler<ListKeysOfPartners> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({
    principal,
    input: { partnerIds, first },
    options,
  }: ListKeysOfPartners): Promise<ReadResult<ReadonlyMap<number, Page<KeyView>>>> {
    return this.directory.asEmployee(principal, options, async (sql, scope, moment) => {
      const keys = await keysIn(sql, scope, moment, { partnerIds }, { first, ofEachPartner: true });
      const byPartner = Map.groupBy(keys, ({ view }) => view.partnerId);
      return new Map(
        partnerIds.map((partner) => [
          partner,
          pageOf(
            byPartner.get(partner) ?? [],
            first,
            ({ view }) => view,
            ({ view }) =>
              placeCursor(KEYS_CURSOR, principal.networkId, view.issued.position, view.keyId),
          ),
        ]),
      );
    });
  }
}
