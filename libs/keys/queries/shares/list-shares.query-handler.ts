import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { Page, ReadResult } from '#projections';
import { pageOf } from '#projections';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { sharesIn } from '../key-directory.rows.js';
import { pagePlace, placeCursor } from '../page-place.value.js';
import { ListShares } from './list-shares.query.js';
import type { ShareView } from './share.view.js';

const SHARES_CURSOR = 'shares';

@QueryHandler(ListShares)
export class ListSharesHandler implements IQueryHandler<ListShares> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({ principal, input, options }: ListShares): Promise<ReadResult<Page<ShareView>>> {
    const { first, after, ...filter } = input;
    const page = pagePlace(SHARES_CURSOR, principal.networkId, first, after);
    return this.directory.asEmployee(principal, options, async (sql, scope, moment) =>
      pageOf(
        await sharesIn(sql, scope, moment, filter, page),
        page.first,
        (share) => share,
        (share) =>
          placeCursor(SHARES_CURSOR, principal.networkId, share.shared.position, share.shareId),
      ),
    );
  }
}
