import { Injectable } from '@nestjs/common';
import type { Permission, Principal } from '#access';
import { Authorizer } from '#access';
import type { Position } from '#event-store';
import type { NetworkId, PartnerId } from '#kernel';
import { DomainError } from '#kernel';
import type { Receipt, RequestContext } from '#messaging';
import { DecideService } from '#messaging';
import type { PartnerCommand } from '../domain/partner.commands.js';
import type { PartnerState } from '../domain/partner.decider.js';
import { partnerDecider } from '../domain/partner.decider.js';
import type { PartnerEvent } from '../domain/partner.events.js';
import type { PartnerProfile } from '../domain/partner.value.js';
import { networkOf } from '../own-network.js';
import { PartnerReader, partnerStreamId } from '../partner.reader.js';

/** Reasons, evidence. */
export const NOTE_CHARACTERS_MAX = 1_000;

/** What a command handler tells the edge. */
export interface PartnerAnswer {
  readonly partner: PartnerProfile;
  readonly position: Position;
}

export interface PartnerAct {
  readonly principal: Principal;
  readonly context: RequestContext;
  readonly partnerId: PartnerId;
  readonly permission: Permission;
}

/** What all commands on one partner have in common: who may, on whose partner, and the decision. */
@Injectable()
export class PartnerDecisions {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly partners: PartnerReader,
    private readonly decisions: DecideService,
  ) {}

  /** @throws {DomainError} `access/forbidden`, `partners/not-found`, and what the decider refuses. */
  async decide(
    act: PartnerAct,
    command: (
      networkId: NetworkId,
      state: PartnerState,
    ) => PartnerCommand | Promise<PartnerCommand>,
  ): Promise<PartnerAnswer> {
    const { principal, context, partnerId, permission } = act;
    const networkId = networkOf(principal);
    const authorize = (managerId: PartnerProfile['managerId']) =>
      this.authorizer.authorize(principal, permission, { networkId, partnerId, managerId });
    // Whoever may act on no partner at all does not learn which there are.
    await this.authorizer.authorize(principal, permission, { networkId });
    const facts = await this.partners.load(networkId, partnerId, context.signal);
    if (!facts) throw new DomainError('partners/not-found');
    await authorize(facts.managerId);
    const receipt = await this.decisions.execute({
      streamId: partnerStreamId(networkId, partnerId),
      decider: partnerDecider,
      // Asked again of the state that is decided on: the manager may have changed in between.
      command: async (state) => {
        if (state.lifecycle === 'registered') await authorize(state.profile.managerId);
        return command(networkId, state);
      },
      context,
    });
    return answerOf(receipt);
  }
}

export function answerOf({ state, position }: Receipt<PartnerState, PartnerEvent>): PartnerAnswer {
  if (state.lifecycle === 'absent') throw new DomainError('partners/not-found');
  return { partner: state.profile, position };
}
