import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { KeyRing } from '../../domain/key-ring.decider.js';
import { changedKey } from '../changed-key.js';
import { reasonText } from '../client-input.js';
import type { ChangedKey, Outcome } from '../key-outcomes.value.js';
import { assertVersion, KeyRingDecisions } from '../key-ring-decisions.js';
import { SuspendKey } from './suspend-key.command.js';

@CommandHandler(SuspendKey)
export class SuspendKeyHandler implements ICommandHandler<SuspendKey> {
  constructor(private readonly rings: KeyRingDecisions) {}

  async execute({ principal, context, input }: SuspendKey): Promise<Outcome<ChangedKey>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring } = await this.rings.reachKey(act, input.keyId);
    const cause = { kind: 'manual', reason: reasonText(input.reason), event: null } as const;
    const command = {
      type: 'suspend',
      keyId: input.keyId,
      cause,
      at: context.now.toISOString(),
    } as const;
    const { state, position } = await this.rings.decide(
      ring,
      context,
      (current: KeyRing) => {
        assertVersion(current, input.keyId, input.ifMatch);
        return command;
      },
      { retryUntilDeadline: true, stops: true },
    );
    return { value: changedKey(state, input.keyId), position };
  }
}
