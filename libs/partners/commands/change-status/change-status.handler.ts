import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import type { PartnerAnswer } from '../partner-decisions.js';
import { NOTE_CHARACTERS_MAX, PartnerDecisions } from '../partner-decisions.js';
import { ChangePartnerStatus } from './change-status.command.js';

@CommandHandler(ChangePartnerStatus)
export class ChangePartnerStatusHandler implements ICommandHandler<
  ChangePartnerStatus,
  PartnerAnswer
> {
  constructor(private readonly partners: PartnerDecisions) {}

  async execute({ principal, context, input }: ChangePartnerStatus): Promise<PartnerAnswer> {
    const reason = clientText(input.reason, {
      max: NOTE_CHARACTERS_MAX,
      multiline: true,
      field: '/reason',
    });
    return this.partners.decide(
      { principal, context, partnerId: input.partnerId, permission: 'partners.manage' },
      () => ({ kind: 'changeStatus', to: input.status, reason, at: context.now.toISOString() }),
    );
  }
}
