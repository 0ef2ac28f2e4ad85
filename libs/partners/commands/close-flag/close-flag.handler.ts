import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { clientText } from '#kernel';
import type { PartnerAnswer } from '../partner-decisions.js';
import { NOTE_CHARACTERS_MAX, PartnerDecisions } from '../partner-decisions.js';
import { CloseFlag } from './close-flag.command.js';

@CommandHandler(CloseFlag)
export class CloseFlagHandler implements ICommandHandler<CloseFlag, PartnerAnswer> {
  constructor(private readonly partners: PartnerDecisions) {}

  async execute({ principal, context, input }: CloseFlag): Promise<PartnerAnswer> {
    const reason = clientText(input.reason, {
      max: NOTE_CHARACTERS_MAX,
      multiline: true,
      field: '/reason',
    });
    return this.partners.decide(
      { principal, context, partnerId: input.partnerId, permission: 'partner.flags.manage' },
      () => ({ kind: 'closeFlag', flagId: input.flagId, reason }),
    );
  }
}
