import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { Authorizer } from '#access';
import { clientText } from '#kernel';
import { DecideService } from '#messaging';
import { partnerDecider } from '../../domain/partner.decider.js';
import { PARTNER_NAME_CHARACTERS_MAX } from '../../domain/vendor-record.value.js';
import { networkOf } from '../../own-network.js';
import { partnerStreamId } from '../../partner.reader.js';
import type { PartnerAnswer } from '../partner-decisions.js';
import { answerOf } from '../partner-decisions.js';
import { RegisterPartner } from './register-partner.command.js';

@CommandHandler(RegisterPartner)
export class RegisterPartnerHandler implements ICommandHandler<RegisterPartner, PartnerAnswer> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
  ) {}

  async execute({ principal, context, input }: RegisterPartner): Promise<PartnerAnswer> {
    const { partnerId, status, managerId } = input;
    const networkId = networkOf(principal);
    // A limited manager registers partners of its own only.
    const target = { networkId, partnerId, managerId };
    await this.authorizer.authorize(principal, 'partners.manage', target);
    const name = clientText(input.name, { max: PARTNER_NAME_CHARACTERS_MAX, field: '/name' });
    const receipt = await this.decisions.execute({
      streamId: partnerStreamId(networkId, partnerId),
      decider: partnerDecider,
      command: async (state) => {
        if (state.lifecycle === 'registered')
          await this.authorizer.authorize(principal, 'partners.manage', {
            ...target,
            managerId: state.profile.managerId,
          });
        const at = context.now.toISOString();
        return { kind: 'register', partnerId, name, status, managerId, at } as const;
      },
      context,
    });
    return answerOf(receipt);
  }
}
