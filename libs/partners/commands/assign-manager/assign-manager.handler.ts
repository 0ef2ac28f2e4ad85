import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { PartnerAnswer } from '../partner-decisions.js';
import { PartnerDecisions } from '../partner-decisions.js';
import { AssignPartnerManager } from './assign-manager.command.js';

@CommandHandler(AssignPartnerManager)
export class AssignPartnerManagerHandler implements ICommandHandler<
  AssignPartnerManager,
  PartnerAnswer
> {
  constructor(private readonly partners: PartnerDecisions) {}

  async execute({ principal, context, input }: AssignPartnerManager): Promise<PartnerAnswer> {
    return this.partners.decide(
      { principal, context, partnerId: input.partnerId, permission: 'partners.manage' },
      () => ({ kind: 'assignManager', managerId: input.managerId, at: context.now.toISOString() }),
    );
  }
}
