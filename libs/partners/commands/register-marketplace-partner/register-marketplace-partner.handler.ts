import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import { PARTNER_NAME_CHARACTERS_MAX } from '../../domain/vendor-record.value.js';
import type { MarketplacePartnerAnswer } from '../marketplace-partner-decisions.js';
import { MarketplacePartnerDecisions } from '../marketplace-partner-decisions.js';
import { RegisterMarketplacePartner } from './register-marketplace-partner.command.js';

@CommandHandler(RegisterMarketplacePartner)
export class RegisterMarketplacePartnerHandler implements ICommandHandler<
  RegisterMarketplacePartner,
  MarketplacePartnerAnswer
> {
  constructor(private readonly marketplacePartners: MarketplacePartnerDecisions) {}

  async execute({
    principal,
    context,
    input,
  }: RegisterMarketplacePartner): Promise<MarketplacePartnerAnswer> {
    const { marketplacePartnerId } = input;
    const act = { principal, context, marketplacePartnerId };
    return this.marketplacePartners.decide(act, () => ({
      kind: 'register',
      marketplacePartnerId,
      name: clientText(input.name, { max: PARTNER_NAME_CHARACTERS_MAX, field: '/name' }),
    }));
  }
}
