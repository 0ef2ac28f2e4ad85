import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { ShareStore } from '../../ports/share-store.port.js';
import type { EndedShare, Outcome } from '../key-outcomes.value.js';
import { KeyRingDecisions, refuse } from '../key-ring-decisions.js';
import { EndShare } from './end-share.command.js';

@CommandHandler(EndShare)
export class EndShareHandler implements ICommandHandler<EndShare> {
  constructor(
    private readonly rings: KeyRingDecisions,
    private readonly shares: ShareStore,
  ) {}

  async execute({ principal, context, input }: EndShare): Promise<Outcome<EndedShare>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const networkId = await this.rings.networkOf(act);
    const located = await this.shares.locate(networkId, input.shareId);
    if (!located) return refuse('keys/share-not-found');
    const { ring } = await this.rings.reachKey(act, located.keyId);
    const { state, position } = await this.rings.decide(
      ring,
      context,
      { type: 'endShare', shareId: input.shareId, reason: 'withdrawn' },
      { retryUntilDeadline: true, stops: true },
    );
    const share = state.shares.get(input.shareId);
    if (!share) return refuse('keys/share-not-found');
    const status = share.status === 'opened' ? 'opened' : 'ended';
    return { value: { shareId: share.shareId, keyId: share.keyId, status }, position };
  }
}
