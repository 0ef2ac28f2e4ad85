import { Injectable } from '@nestjs/common';
import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { Authorizer } from '#access';
import type { Principal } from '#access';
import { DomainError } from '#kernel';
import type { Page, ReadPlace, ReadResult } from '#projections';
import { decodeCursor, encodeCursor, pageOf, ReadModels, rowsAt } from '#projections';
import { authorizeMarketplace } from '../../marketplace-authority.js';
import { networkOf } from '../../own-network.js';
import {
  MARKETPLACE_PARTNERS_TABLE,
  marketplaceDirectory,
} from '../../projections/marketplace-directory.projection.js';
import type { MarketplacePartnerRow, MarketplacePartnerView } from './marketplace-partner.view.js';
import {
  MARKETPLACE_PARTNER_COLUMNS,
  marketplacePartnerViewOf,
} from './marketplace-partner.view.js';
import { GetMarketplacePartner, ListMarketplacePartners } from './marketplace-partners.query.js';

const CURSOR = 'marketplacePartners';

/** The one place where reads of marketplace partners are scoped: by the caller's network. */
@Injectable()
export class MarketplaceDirectoryReader {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly readModels: ReadModels,
  ) {}

  async rows(
    principal: Principal,
    options: ReadPlace,
    range: { readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<ReadResult<readonly MarketplacePartnerRow[]>> {
    const networkId = networkOf(principal);
    await authorizeMarketplace(this.authorizer, principal, 'partners.read');
    const read = { projections: [marketplaceDirectory.name], ...options };
    return this.readModels.read(read, async (sql) => {
      const partners = await rowsAt(sql, MARKETPLACE_PARTNERS_TABLE, options.asOf, '$5');
      return sql.rows<MarketplacePartnerRow>(
        `SELECT ${MARKETPLACE_PARTNER_COLUMNS}
         FROM ${partners.rows} one
         WHERE network_id = $1 AND marketplace_partner_id BETWEEN $2 AND $3
         ORDER BY marketplace_partner_id LIMIT $4`,
        [networkId, range.from, range.to, range.limit, ...partners.values],
      );
    });
  }
}

@QueryHandler(ListMarketplacePartners)
export class ListMarketplacePartnersHandler implements IQueryHandler<
  ListMarketplacePartners,
  ReadResult<Page<MarketplacePartnerView>>
> {
  constructor(private readonly directory: MarketplaceDirectoryReader) {}

  async execute(query: ListMarketplacePartners): Promise<ReadResult<Page<MarketplacePartnerView>>> {
    const { principal, input, options } = query;
    const { first } = input;
    const { networkId } = principal;
    const [after] =
      input.after === undefined ? [0] : decodeCursor(CURSOR, networkId, input.after, ['id']);
    const { value, position } = await this.directory.rows(principal, options, {
      from: after + 1,
      to: Number.MAX_SAFE_INTEGER,
      limit: first + 1,
    });
    const page = pageOf(value, first, marketplacePartnerViewOf, (row) =>
      encodeCursor(CURSOR, networkId, [Number(row.marketplace_partner_id)]),
    );
    return { value: page, position };
  }
}

@QueryHandler(GetMarketplacePartner)
export class GetMarketplacePartnerHandler implements IQueryHandler<
  GetMarketplacePartner,
  ReadResult<MarketplacePartnerView>
> {
  constructor(private readonly directory: MarketplaceDirectoryReader) {}

  async execute(query: GetMarketplacePartner): Promise<ReadResult<MarketplacePartnerView>> {
    const { principal, input, options } = query;
    const id = input.marketplacePartnerId;
    const range = { from: id, to: id, limit: 1 };
    const { value, position } = await this.directory.rows(principal, options, range);
    const [row] = value;
    if (!row) throw new DomainError('partners/marketplace-partner-not-found');
    return { value: marketplacePartnerViewOf(row), position };
  }
}
