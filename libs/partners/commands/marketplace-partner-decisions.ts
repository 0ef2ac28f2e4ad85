import { Injectable } from '@nestjs/common';
import type { Principal } from '#access';
import { Authorizer } from '#access';
import type { Position } from '#event-store';
import type { MarketplacePartnerId, NetworkId } from '#kernel';
import { DomainError } from '#kernel';
import type { RequestContext } from '#messaging';
import { DecideService } from '#messaging';
import type { MarketplacePartnerCommand } from '../domain/marketplace-partner.commands.js';
import {
  marketplacePartnerDecider,
  type MarketplacePartnerState,
} from '../domain/marketplace-partner.decider.js';
import type { MarketplacePartnerProfile } from '../domain/marketplace-partner.value.js';
import { marketplacePartnerStreamId } from '../marketplace-partner.reader.js';
import { authorizeMarketplace } from '../marketplace-authority.js';
import { networkOf } from '../own-network.js';

/** What a command handler tells the edge. */
export interface MarketplacePartnerAnswer {
  readonly marketplacePartner: MarketplacePartnerProfile;
  readonly position: Position;
}

export interface MarketplacePartnerAct {
  readonly principal: Principal;
  readonly context: RequestContext;
  readonly marketplacePartnerId: MarketplacePartnerId;
}

/** What all commands on one marketplace partner have in common: who may, and the decision. */
@Injectable()
export class MarketplacePartnerDecisions {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
  ) {}

  /** @throws {DomainError} `access/forbidden`, and what the decider refuses. */
  async decide(
    { principal, context, marketplacePartnerId }: MarketplacePartnerAct,
    command: (
      networkId: NetworkId,
      state: MarketplacePartnerState,
    ) => MarketplacePartnerCommand | Promise<MarketplacePartnerCommand>,
  ): Promise<MarketplacePartnerAnswer> {
    const networkId = networkOf(principal);
    await authorizeMarketplace(this.authorizer, principal, 'partners.manage');
    const { state, position } = await this.decisions.execute({
      streamId: marketplacePartnerStreamId(networkId, marketplacePartnerId),
      decider: marketplacePartnerDecider,
      command: (state) => command(networkId, state),
      context,
    });
    if (state.lifecycle === 'absent')
      throw new DomainError('partners/marketplace-partner-not-found');
    return { marketplacePartner: state.profile, position };
  }
}
