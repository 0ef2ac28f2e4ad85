import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import { clientText } from '#kernel';
import type { PartnerAnswer } from '../partner-decisions.js';
import { NOTE_CHARACTERS_MAX, PartnerDecisions } from '../partner-decisions.js';
import { OpenFlag } from './open-flag.command.js';

@CommandHandler(OpenFlag)
export class OpenFlagHandler implements ICommandHandler<OpenFlag, PartnerAnswer> {
  constructor(private readonly partners: PartnerDecisions) {}

  async execute({ principal, context, input }: OpenFlag): Promise<PartnerAnswer> {
    const reason = clientText(input.reason, {
      max: NOTE_CHARACTERS_MAX,
      multiline: true,
      field: '/reason',
    });
    const flagId = uuidv5('flag', context.commandId);
    return this.partners.decide(
      { principal, context, partnerId: input.partnerId, permission: 'partner.flags.manage' },
      () => ({ kind: 'openFlag', flagId, flagKind: input.kind, reason }),
    );
  }
}
