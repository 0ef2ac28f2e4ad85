import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel';
import { PartnerReader } from '../../partner.reader.js';
import type { MarketplacePartnerAnswer } from '../marketplace-partner-decisions.js';
import { MarketplacePartnerDecisions } from '../marketplace-partner-decisions.js';
import { ConnectMarketplacePartner } from './connect-marketplace-partner.command.js';

@CommandHandler(ConnectMarketplacePartner)
export class ConnectMarketplacePartnerHandler implements ICommandHandler<
  ConnectMarketplacePartner,
  MarketplacePartnerAnswer
> {
  constructor(
    private readonly marketplacePartners: MarketplacePartnerDecisions,
    private readonly partners: PartnerReader,
  ) {}

  async execute({
    principal,
    context,
    input,
  }: ConnectMarketplacePartner): Promise<MarketplacePartnerAnswer> {
    const { marketplacePartnerId } = input;
    const act = { principal, context, marketplacePartnerId };
    const { partnerId } = input;
    return this.marketplacePartners.decide(act, async (networkId) => {
      if (!(await this.partners.load(networkId, partnerId, context.signal)))
        throw new DomainError('partners/not-found');
      return { kind: 'connect', partnerId };
    });
  }
}
