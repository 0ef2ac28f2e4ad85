import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { KeyRing } from '../../domain/key-ring.decider.js';
import { changedKey } from '../changed-key.js';
import { reasonText } from '../client-input.js';
import type { ChangedKey, Outcome } from '../key-outcomes.value.js';
import { assertVersion, KeyRingDecisions } from '../key-ring-decisions.js';
import { ReinstateKey } from './reinstate-key.command.js';

@CommandHandler(ReinstateKey)
export class ReinstateKeyHandler implements ICommandHandler<ReinstateKey> {
  constructor(private readonly rings: KeyRingDecisions) {}

  async execute({ principal, context, input }: ReinstateKey): Promise<Outcome<ChangedKey>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring, partner } = await this.rings.reachKey(act, input.keyId);
    const command = {
      type: 'reinstate',
      keyId: input.keyId,
      reason: reasonText(input.reason),
      verdict: partner?.verdict ?? null,
      at: context.now.toISOString(),
    } as const;
    const { state, position } = await this.rings.decide(ring, context, (current: KeyRing) => {
      assertVersion(current, input.keyId, input.ifMatch);
      return command;
    });
    return { value: changedKey(state, input.keyId), position };
  }
}
