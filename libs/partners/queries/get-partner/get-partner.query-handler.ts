import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { ReadResult } from '#projections';
import { ReadModels } from '#projections';
import { partnerDirectory } from '../../projections/partner-directory.projection.js';
import { PartnerScope } from '../partner-scope.js';
import type { PartnerView } from '../partner.view.js';
import { GetPartner } from './get-partner.query.js';

@QueryHandler(GetPartner)
export class GetPartnerHandler implements IQueryHandler<GetPartner, ReadResult<PartnerView>> {
  constructor(
    private readonly scope: PartnerScope,
    private readonly readModels: ReadModels,
  ) {}

  async execute({ principal, input, options }: GetPartner): Promise<ReadResult<PartnerView>> {
    await this.scope.of(principal, 'partners.read');
    return this.readModels.read({ projections: [partnerDirectory.name], ...options }, (sql) =>
      this.scope.partner(sql, principal, 'partners.read', input.partnerId, options),
    );
  }
}
