import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { Authorizer } from '#access';
import type { Page, ReadResult } from '#projections';
import { ReadModels, decodeCursor, pageOf } from '#projections';
import type { WebhookKind } from '../../domain/vendor-record.value.js';
import { networkOf } from '../../own-network.js';
import { partnerDirectory } from '../../projections/partner-directory.projection.js';
import type { DeadLetterView } from './list-dead-letters.query.js';
import {
  DEAD_LETTERS_CURSOR,
  ListDeadLetters,
  deadLetterCursor,
} from './list-dead-letters.query.js';

interface DeadLetterRow {
  readonly number: bigint;
  readonly kind: WebhookKind;
  readonly partner_id: bigint | null;
  readonly credential_id: string;
  readonly pointer: string;
  readonly reason: string;
  readonly shape: DeadLetterView['shape'];
  readonly bytes: number;
  readonly count: number;
  readonly first_received_at: string;
  readonly last_received_at: string;
}

@QueryHandler(ListDeadLetters)
export class ListDeadLettersHandler implements IQueryHandler<
  ListDeadLetters,
  ReadResult<Page<DeadLetterView>>
> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly readModels: ReadModels,
  ) {}

  async execute(query: ListDeadLetters): Promise<ReadResult<Page<DeadLetterView>>> {
    const { principal, input, options } = query;
    const networkId = networkOf(principal);
    await this.authorizer.authorize(principal, 'network.settings.manage', { networkId });
    const [before] =
      input.after === undefined
        ? [null]
        : decodeCursor(DEAD_LETTERS_CURSOR, networkId, input.after, ['int8']);
    return this.readModels.read(
      { projections: [partnerDirectory.name], ...options },
      async (sql) => {
        const rows = await sql.rows<DeadLetterRow>(
          `SELECT number, kind, partner_id, credential_id, pointer, reason, shape, bytes, count,
                  first_received_at, last_received_at
           FROM ledger.dead_letters
           WHERE network_id = $1 AND ($2::bigint IS NULL OR number < $2)
           ORDER BY number DESC LIMIT $3`,
          [networkId, before, input.first + 1],
        );
        return pageOf(rows, input.first, viewOf, (row) =>
          deadLetterCursor(principal, { deadLetterId: String(row.number) }),
        );
      },
    );
  }
}

function viewOf(row: DeadLetterRow): DeadLetterView {
  return {
    deadLetterId: String(row.number),
    kind: row.kind,
    partnerId: row.partner_id === null ? null : Number(row.partner_id),
    credentialId: row.credential_id,
    pointer: row.pointer,
    reason: row.reason,
    shape: row.shape,
    bytes: row.bytes,
    count: row.count,
    firstReceivedAt: row.first_received_at,
    lastReceivedAt: row.last_received_at,
  };
}
