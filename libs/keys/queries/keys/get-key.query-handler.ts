import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel';
import type { ReadResult } from '#projections';
import type { KeysErrorCode } from '../../domain/key-ring.errors.js';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import { keysIn } from '../key-directory.rows.js';
import { GetKey } from './get-key.query.js';
import type { KeyDetail } from './key.view.js';

@QueryHandler(GetKey)
export class GetKeyHandler implements IQueryHandler<GetKey> {
  constructor(private readonly directory: KeyDirectoryReader) {}

  execute({ principal, input, options }: GetKey): Promise<ReadResult<KeyDetail>> {
    return this.directory.asEmployee(principal, options, async (sql, scope, moment) => {
      const [key] = await keysIn(sql, scope, moment, { keyId: input.keyId }, { first: 1 });
      if (!key) throw new DomainError('keys/key-not-found' satisfies KeysErrorCode);
      return { ...key.view, verdict: key.verdict };
    });
  }
}
