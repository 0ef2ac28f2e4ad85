import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import type { MarketplacePartnerAnswer } from '../marketplace-partner-decisions.js';
import { MarketplacePartnerDecisions } from '../marketplace-partner-decisions.js';
import { NOTE_CHARACTERS_MAX } from '../partner-decisions.js';
import { DisconnectMarketplacePartner } from './disconnect-marketplace-partner.command.js';

@CommandHandler(DisconnectMarketplacePartner)
export class DisconnectMarketplacePartnerHandler implements ICommandHandler<
  DisconnectMarketplacePartner,
  MarketplacePartnerAnswer
> {
  constructor(private readonly marketplacePartners: MarketplacePartnerDecisions) {}

  async execute({
    principal,
    context,
    input,
  }: DisconnectMarketplacePartner): Promise<MarketplacePartnerAnswer> {
    const { marketplacePartnerId } = input;
    const act = { principal, context, marketplacePartnerId };
    const { partnerId } = input;
    return this.marketplacePartners.decide(act, () => ({
      kind: 'disconnect',
      partnerId,
      reason: clientText(input.reason, { max: NOTE_CHARACTERS_MAX, field: '/reason' }),
    }));
  }
}
