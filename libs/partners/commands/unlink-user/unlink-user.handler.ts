import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { AuthorityFence, IdentityReservations } from '#access';
import { networkOf } from '../../own-network.js';
import type { PartnerAnswer } from '../partner-decisions.js';
import { PartnerDecisions } from '../partner-decisions.js';
import { checkedIdentity } from '../partner-user-identity.js';
import { UnlinkPartnerUser } from './unlink-user.command.js';

@CommandHandler(UnlinkPartnerUser)
export class UnlinkPartnerUserHandler implements ICommandHandler<UnlinkPartnerUser, PartnerAnswer> {
  constructor(
    private readonly partners: PartnerDecisions,
    private readonly identities: IdentityReservations,
    private readonly fence: AuthorityFence,
  ) {}

  async execute({ principal, context, input }: UnlinkPartnerUser): Promise<PartnerAnswer> {
    const { partnerId } = input;
    const user = checkedIdentity(input.user);
    const networkId = networkOf(principal);
    const act = { principal, context, partnerId, permission: 'partners.manage' } as const;
    const answer = await this.partners.decide(act, () => ({ kind: 'unlinkUser', user }));
    const owner = { kind: 'partnerUser', partnerId } as const;
    const { position } = answer;
    await this.fence.raise(networkId, position);
    await this.identities.releaseUnlinked(
      context,
      networkId,
      user.issuer,
      user.subject,
      owner,
      position,
    );
    return answer;
  }
}
