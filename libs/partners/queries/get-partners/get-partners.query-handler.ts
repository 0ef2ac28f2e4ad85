import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { ReadResult } from '#projections';
import { ReadModels, rowsAsOf, rowsAt } from '#projections';
import {
  PARTNERS_TABLE,
  partnerDirectory,
} from '../../projections/partner-directory.projection.js';
import { PartnerScope } from '../partner-scope.js';
import type { PartnerRow, PartnerView } from '../partner.view.js';
import { PARTNER_COLUMNS, partnerViewOf } from '../partner.view.js';
import { GetPartners } from './get-partners.query.js';

/** A limited manager sees the partners that are its own now, also when it asks for an earlier state. */
@QueryHandler(GetPartners)
export class GetPartnersHandler implements IQueryHandler<
  GetPartners,
  ReadResult<readonly PartnerView[]>
> {
  constructor(
    private readonly scope: PartnerScope,
    private readonly readModels: ReadModels,
  ) {}

  async execute({
    principal,
    input,
    options,
  }: GetPartners): Promise<ReadResult<readonly PartnerView[]>> {
    const { networkId, managerId } = await this.scope.of(principal, 'partners.read');
    const read = { projections: [partnerDirectory.name], ...options };
    return this.readModels.read(read, async (sql) => {
      const partners = await rowsAt(sql, PARTNERS_TABLE, options.asOf, '$4');
      const rows = await sql.rows<PartnerRow>(
        `SELECT ${PARTNER_COLUMNS} FROM ${partners.rows} partner
         WHERE network_id = $1 AND partner_id = ANY ($2::bigint[])
           AND ($3::bigint IS NULL OR EXISTS (
             SELECT FROM ${rowsAsOf(PARTNERS_TABLE, undefined)} mine
             WHERE mine.network_id = $1 AND mine.partner_id = partner.partner_id AND mine.manager_id = $3))`,
        [networkId, input.partnerIds, managerId, ...partners.values],
      );
      return rows.map(partnerViewOf);
    });
  }
}
