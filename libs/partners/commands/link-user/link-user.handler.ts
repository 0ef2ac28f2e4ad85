import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { AuthorityFence, IdentityReservations, type Reservation } from '#access';
import { DomainError } from '#kernel';
import { partnerDecider } from '../../domain/partner.decider.js';
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
    const link = { kind: 'linkUser', user } as const;
    const held: { reserved?: Reservation } = {};
    try {
      const answer = await this.partners.decide(act, async (_, state) => {
        // What is refused, or linked already, reserves nothing.
        if (partnerDecider.decide(link, state).length > 0)
          held.reserved = await this.identities.reserve(context, networkId, issuer, subject, owner);
        return link;
      });
      await this.fence.raise(networkId, answer.position);
      return answer;
    } catch (error) {
      // A refusal stored nothing, so nothing may stay reserved; whatever else happened, the link may be there.
      if (held.reserved && error instanceof DomainError && error.code.startsWith('partners/'))
        await this.identities.release(context, networkId, issuer, subject, owner, {
          reserved: held.reserved,
        });
      throw error;
    }
  }
}
