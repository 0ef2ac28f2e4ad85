import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel';
import type { KeyPolicy } from '#networks';
import { networkDirectory, NETWORKS_TABLE } from '#networks';
import type { ReadResult } from '#projections';
import { ReadModels, rowsAt } from '#projections';
import { assessEligibility } from '../../domain/eligibility.policy.js';
import { partnerDirectory } from '../../projections/partner-directory.projection.js';
import { PartnerScope } from '../partner-scope.js';
import type { PartnerVerdict } from './assess-partner.query.js';
import { AssessPartner } from './assess-partner.query.js';

@QueryHandler(AssessPartner)
export class AssessPartnerHandler implements IQueryHandler<
  AssessPartner,
  ReadResult<PartnerVerdict>
> {
  constructor(
    private readonly scope: PartnerScope,
    private readonly readModels: ReadModels,
  ) {}

  async execute(query: AssessPartner): Promise<ReadResult<PartnerVerdict>> {
    const { principal, input, options } = query;
    const { partnerId } = input;
    const { networkId } = await this.scope.of(principal, 'partners.read');
    const read = { projections: [partnerDirectory.name, networkDirectory.name], ...options };
    return this.readModels.read(read, async (sql) => {
      const partner = await this.scope.partner(sql, principal, 'partners.read', partnerId, options);
      const networks = await rowsAt(sql, NETWORKS_TABLE, options.asOf, '$2');
      const [network] = await sql.rows<{ key_policy: KeyPolicy }>(
        `SELECT key_policy FROM ${networks.rows} network WHERE network_id = $1`,
        [networkId, ...networks.values],
      );
      if (!network) throw new DomainError('networks/not-found');
      return { partnerId, ...assessEligibility(partner, network.key_policy) };
    });
  }
}
