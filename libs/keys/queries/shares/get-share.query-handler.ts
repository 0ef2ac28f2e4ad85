import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel';
import type { ReadResult } from '#projections';
import type { KeysErrorCode } from '../../domain/key-ring.errors.js';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { sharesIn } from '../key-directory.rows.js';
import { GetShare } from './get-share.query.js';
import type { ShareView } from './share.view.js';

@QueryHandler(GetShare)
export class GetShareHandler implements IQueryHandler<GetShare> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({ principal, input, options }: GetShare): Promise<ReadResult<ShareView>> {
    return this.directory.asEmployee(principal, options, async (sql, scope, moment) => {
      const [share] = await sharesIn(sql, scope, moment, { shareId: input.shareId }, { first: 1 });
      if (!share) throw new DomainError('keys/share-not-found' satisfies KeysErrorCode);
      return share;
    });
  }
}
