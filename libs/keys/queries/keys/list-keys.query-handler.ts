import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import type { Page, ReadResult } from '#projections';
import { pageOf } from '#projections';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import type { KeyFilter } from '../key-directory.rows.js';
import { keysIn } from '../key-directory.rows.js';
import { pagePlace, placeCursor } from '../page-place.value.js';
import type { KeyView } from './key.view.js';
import { KEYS_CURSOR } from './keys-cursor.value.js';
import { ListKeys } from './list-keys.query.js';

export const LABEL_SEARCH_CHARACTERS_MAX = 200;

@QueryHandler(ListKeys)
export class ListKeysHandler implements IQueryHandler<ListKeys> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({ principal, input, options }: ListKeys): Promise<ReadResult<Page<KeyView>>> {
    const { first, after, label, ...rest } = input;
    const filter: KeyFilter = {
      ...rest,
      ...(label === undefined
        ? {}
        : { label: clientText(label, { max: LABEL_SEARCH_CHARACTERS_MAX, field: '?label' }) }),
    };
    const page = pagePlace(KEYS_CURSOR, principal.networkId, first, after);
    return this.directory.asEmployee(principal, options, async (sql, scope, moment) =>
      pageOf(
        await keysIn(sql, scope, moment, filter, page),
        page.first,
        ({ view }) => view,
        ({ view }) =>
          placeCursor(KEYS_CURSOR, principal.networkId, view.issued.position, view.keyId),
      ),
    );
  }
}
