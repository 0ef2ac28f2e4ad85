import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { AuthorityFence, IdentityReservations, type Reservation } from '#access';
import { DomainError } from '#kernel';
import { marketplacePartnerDecider } from '../../domain/marketplace-partner.decider.js';
import { networkOf } from '../../own-network.js';
import type { MarketplacePartnerAnswer } from '../marketplace-partner-decisions.js';
import { MarketplacePartnerDecisions } from '../marketplace-partner-decisions.js';
import { linkedIdentity } from '../partner-user-identity.js';
import { LinkMarketplaceUser } from './link-marketplace-user.command.js';

@CommandHandler(LinkMarketplaceUser)
export class LinkMarketplaceUserHandler implements ICommandHandler<
  LinkMarketplaceUser,
  MarketplacePartnerAnswer
> {
  constructor(
    private readonly marketplacePartners: MarketplacePartnerDecisions,
    private readonly identities: IdentityReservations,
    private readonly fence: AuthorityFence,
  ) {}

  async execute({
    principal,
    context,
    input,
  }: LinkMarketplaceUser): Promise<MarketplacePartnerAnswer> {
    const { marketplacePartnerId } = input;
    const act = { principal, context, marketplacePartnerId };
    const networkId = networkOf(principal);
    const user = linkedIdentity(input.user);
    const { issuer, subject } = user;
    const owner = { kind: 'marketplaceUser', marketplacePartnerId } as const;
    const link = { kind: 'linkUser', user } as const;
    const held: { reserved?: Reservation } = {};
    try {
      const answer = await this.marketplacePartners.decide(act, async (_, state) => {
        // What is refused, or linked already, reserves nothing.
        if (marketplacePartnerDecider.decide(link, state).length > 0)
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
