import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import type { PartnerAnswer } from '../partner-decisions.js';
import { NOTE_CHARACTERS_MAX, PartnerDecisions } from '../partner-decisions.js';
import { WithdrawTechnicalCapacity } from './withdraw-technical-capacity.command.js';

@CommandHandler(WithdrawTechnicalCapacity)
export class WithdrawTechnicalCapacityHandler implements ICommandHandler<
  WithdrawTechnicalCapacity,
  PartnerAnswer
> {
  constructor(private readonly partners: PartnerDecisions) {}

  async execute({ principal, context, input }: WithdrawTechnicalCapacity): Promise<PartnerAnswer> {
    const reason = clientText(input.reason, {
      max: NOTE_CHARACTERS_MAX,
      multiline: true,
      field: '/reason',
    });
    return this.partners.decide(
      { principal, context, partnerId: input.partnerId, permission: 'partners.manage' },
      () => ({ kind: 'withdrawTechnicalCapacity', reason }),
    );
  }
}
