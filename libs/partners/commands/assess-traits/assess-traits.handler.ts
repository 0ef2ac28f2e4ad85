import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { PartnerAnswer } from '../partner-decisions.js';
import { PartnerDecisions } from '../partner-decisions.js';
import { AssessPartnerTraits } from './assess-traits.command.js';

@CommandHandler(AssessPartnerTraits)
export class AssessPartnerTraitsHandler implements ICommandHandler<
  AssessPartnerTraits,
  PartnerAnswer
> {
  constructor(private readonly partners: PartnerDecisions) {}

  async execute({ principal, context, input }: AssessPartnerTraits): Promise<PartnerAnswer> {
    return this.partners.decide(
      { principal, context, partnerId: input.partnerId, permission: 'partners.manage' },
      () => ({ kind: 'assessTraits', traits: input.traits }),
    );
  }
}
