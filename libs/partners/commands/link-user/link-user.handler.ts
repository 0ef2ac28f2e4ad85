import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { AuthorityFence, IdentityReservations } from '#access';
import { DomainError } from '#kernel';
import { networkOf } from '../../own-network.js';
import type { PartnerAnswer } from '../partner-decisions.js';
import { PartnerDecisions } from '../partner-decisions.js';
import { linkedIdentity } from '../partner-user-identity.js';
import { LinkPartnerUser } from './link-user.command.js';

@CommandHandler(LinkPartnerUser)
export class LinkPartnerUserHandler implements ICommandHandler<LinkPartnerUser, PartnerAnswer> {
  constructor(
    private readonly partners: PartnerDecisions,
    private readonly identities: IdentityReservations,
    private readonly fence: AuthorityFence,
  ) {}

  async execute({ principal, context, input }: LinkPartnerUser): Promise<PartnerAnswer> {
    const { partnerId } = input;
    const networkId = networkOf(principal);
    const user = linkedIdentity(input.user);
    const owner = { kind: 'partnerUser', partnerId } as const;
    const { issuer, subject } = user;
    const act = { principal, context, partnerId, permission: 'partners.manage' } as const;
    const reservation = { made: false };
    try {
      const answer = await this.partners.decide(act, async () => {
        await this.identities.reserve(context, networkId, issuer, subject, owner);
        reservation.made = true;
        return { kind: 'linkUser', user };
      });
      await this.fence.raise(networkId, answer.position);
      return answer;
    } catch (error) {
      // A refusal stored nothing, so nothing may stay reserved; whatever else happened, the link may be there.
      if (reservation.made && error instanceof DomainError && error.code.startsWith('partners/'))
        await this.identities.release(context, networkId, issuer, subject, owner);
      throw error;
    }
  }
}
