import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { ReadResult } from '#projections';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { sharesIn } from '../key-directory.rows.js';
import { GetShare } from './get-share.query.js';
import type { ShareView } from './share.view.js';

@QueryHandler(GetShare)
export class GetShareHandler implements IQueryHandler<GetShare> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({ principal, input, options }: GetShare): Promise<ReadResult<ShareView>> {
    return this.directory.oneAsEmployee(
      principal,
      options,
      'keys/share-not-found',
      async (sql, scope, moment) => {
        const [share] = await sharesIn(
          sql,
          scope,
          moment,
          { shareId: input.shareId },
          { first: 1 },
        );
        return share;
      },
    );
  }
}
