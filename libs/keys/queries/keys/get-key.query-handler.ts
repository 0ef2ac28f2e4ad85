import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { ReadResult } from '#projections';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { keysIn } from '../key-directory.rows.js';
import { GetKey } from './get-key.query.js';
import type { KeyDetail } from './key.view.js';

@QueryHandler(GetKey)
export class GetKeyHandler implements IQueryHandler<GetKey> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({ principal, input, options }: GetKey): Promise<ReadResult<KeyDetail>> {
    return this.directory.oneAsEmployee(
      principal,
      options,
      'keys/key-not-found',
      async (sql, scope, moment) => {
        const [key] = await keysIn(sql, scope, moment, { keyId: input.keyId }, { first: 1 });
        return key && { ...key.view, verdict: key.verdict };
      },
    );
  }
}
