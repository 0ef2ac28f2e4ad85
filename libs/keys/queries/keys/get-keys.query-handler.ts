import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { ReadResult } from '#projections';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { keysIn } from '../key-directory.rows.js';
import { GetKeys } from './get-keys.query.js';
import type { KeyDetail } from './key.view.js';

@QueryHandler(GetKeys)
export class GetKeysHandler implements IQueryHandler<GetKeys> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({ principal, input, options }: GetKeys): Promise<ReadResult<readonly KeyDetail[]>> {
    const { keyIds } = input;
    return this.directory.asEmployee(principal, options, async (sql, scope, moment) =>
      (await keysIn(sql, scope, moment, { keyIds }, { first: keyIds.length })).map(
        ({ view, verdict }) => ({ ...view, verdict }),
      ),
    );
  }
}
