import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import type { Page, ReadResult } from '#projections';
import { ReadModels, decodeCursor, pageOf, rowsAsOf, rowsAt } from '#projections';
import {
  PARTNERS_TABLE,
  partnerDirectory,
} from '../../projections/partner-directory.projection.js';
import { PartnerScope } from '../partner-scope.js';
import type { PartnerRow, PartnerView } from '../partner.view.js';
import { PARTNER_COLUMNS, partnerViewOf } from '../partner.view.js';
import {
  ListPartners,
  NAME_SEARCH_CHARACTERS_MAX,
  PARTNERS_CURSOR,
  partnerCursor,
} from './list-partners.query.js';

/** By partner id. A limited manager sees the partners that are its own now, also when it asks for an earlier state. */
@QueryHandler(ListPartners)
export class ListPartnersHandler implements IQueryHandler<
  ListPartners,
  ReadResult<Page<PartnerView>>
> {
  constructor(
    private readonly scope: PartnerScope,
    private readonly readModels: ReadModels,
  ) {}

  async execute(query: ListPartners): Promise<ReadResult<Page<PartnerView>>> {
    const { principal, input, options } = query;
    const { first, status, managerId, flagged } = input;
    const name =
      input.name === undefined
        ? undefined
        : clientText(input.name, { max: NAME_SEARCH_CHARACTERS_MAX, field: '?name' });
    const scope = await this.scope.of(principal, 'partners.read');
    const { networkId } = scope;
    const [after] =
      input.after === undefined
        ? [0]
        : decodeCursor(PARTNERS_CURSOR, networkId, input.after, ['id']);
    const read = { projections: [partnerDirectory.name], ...options };
    return this.readModels.read(read, async (sql) => {
      const partners = await rowsAt(sql, PARTNERS_TABLE, options.asOf, '$9');
      const current = rowsAsOf(PARTNERS_TABLE, undefined);
      const rows = await sql.rows<PartnerRow>(
        `SELECT ${PARTNER_COLUMNS} FROM ${partners.rows} partner
         WHERE network_id = $1 AND partner_id > $2
           AND ($3::text IS NULL OR status = $3)
           AND ($4::bigint IS NULL OR manager_id = $4)
           AND ($5::boolean IS NULL OR (open_flags_count > 0) = $5)
           AND ($6::text IS NULL OR position(lower($6) in lower(name)) > 0)
           AND ($7::bigint IS NULL OR EXISTS (
             SELECT FROM ${current} mine
             WHERE mine.network_id = $1 AND mine.partner_id = partner.partner_id AND mine.manager_id = $7))
         ORDER BY partner_id LIMIT $8`,
        [
          networkId,
          after,
          status ?? null,
          managerId ?? null,
          flagged ?? null,
          name ?? null,
          scope.managerId,
          first + 1,
          ...partners.values,
        ],
      );
      return pageOf(rows, first, partnerViewOf, (row) =>
        partnerCursor(principal, { partnerId: Number(row.partner_id) }),
      );
    });
  }
}
