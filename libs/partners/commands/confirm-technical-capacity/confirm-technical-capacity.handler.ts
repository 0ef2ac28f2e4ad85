import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import type { PartnerAnswer } from '../partner-decisions.js';
import { NOTE_CHARACTERS_MAX, PartnerDecisions } from '../partner-decisions.js';
import { ConfirmTechnicalCapacity } from './confirm-technical-capacity.command.js';

@CommandHandler(ConfirmTechnicalCapacity)
export class ConfirmTechnicalCapacityHandler implements ICommandHandler<
  ConfirmTechnicalCapacity,
  PartnerAnswer
> {
  constructor(private readonly partners: PartnerDecisions) {}

  async execute({ principal, context, input }: ConfirmTechnicalCapacity): Promise<PartnerAnswer> {
    const evidence = clientText(input.evidence, {
      max: NOTE_CHARACTERS_MAX,
      multiline: true,
      field: '/evidence',
    });
    return this.partners.decide(
      { principal, context, partnerId: input.partnerId, permission: 'partners.manage' },
      () => ({ kind: 'confirmTechnicalCapacity', evidence }),
    );
  }
}
