import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { AuthorityFence, IdentityReservations } from '#access';
import { networkOf } from '../../own-network.js';
import type { MarketplacePartnerAnswer } from '../marketplace-partner-decisions.js';
import { MarketplacePartnerDecisions } from '../marketplace-partner-decisions.js';
import { checkedIdentity } from '../partner-user-identity.js';
import { UnlinkMarketplaceUser } from './unlink-marketplace-user.command.js';

@CommandHandler(UnlinkMarketplaceUser)
export class UnlinkMarketplaceUserHandler implements ICommandHandler<
  UnlinkMarketplaceUser,
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
  }: UnlinkMarketplaceUser): Promise<MarketplacePartnerAnswer> {
    const { marketplacePartnerId } = input;
    const act = { principal, context, marketplacePartnerId };
    const networkId = networkOf(principal);
    const user = checkedIdentity(input.user);
    const { issuer, subject } = user;
    const answer = await this.marketplacePartners.decide(act, () => ({ kind: 'unlinkUser', user }));
    const owner = { kind: 'marketplaceUser', marketplacePartnerId } as const;
    const { position } = answer;
    await this.fence.raise(networkId, position);
    await this.identities.releaseUnlinked(context, networkId, issuer, subject, owner, position);
    return answer;
  }
}
