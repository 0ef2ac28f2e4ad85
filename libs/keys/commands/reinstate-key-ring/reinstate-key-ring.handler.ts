import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { changedKeys } from '../changed-key.js';
import { reasonText } from '../client-input.js';
import type { ChangedKeyRing, Outcome } from '../key-outcomes.value.js';
import { KeyRingDecisions } from '../key-ring-decisions.js';
import { ReinstateKeyRing } from './reinstate-key-ring.command.js';

@CommandHandler(ReinstateKeyRing)
export class ReinstateKeyRingHandler implements ICommandHandler<ReinstateKeyRing> {
  constructor(private readonly rings: KeyRingDecisions) {}

  async execute({ principal, context, input }: ReinstateKeyRing): Promise<Outcome<ChangedKeyRing>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring, partner } = await this.rings.reachHolder(act, input.portal, input.holder);
    const reason = reasonText(input.reason);
    const { state, position } = await this.rings.decide(ring, context, {
      type: 'reinstateRing',
      reason,
      verdict: partner?.verdict ?? null,
      at: context.now.toISOString(),
    });
    return { value: { keys: changedKeys(state) }, position };
  }
}
