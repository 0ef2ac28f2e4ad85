import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { KeyRing } from '../../domain/key-ring.decider.js';
import { changedKey } from '../changed-key.js';
import { labelText } from '../client-input.js';
import type { ChangedKey, Outcome } from '../key-outcomes.value.js';
import { assertVersion, KeyRingDecisions } from '../key-ring-decisions.js';
import { RelabelKey } from './relabel-key.command.js';

@CommandHandler(RelabelKey)
export class RelabelKeyHandler implements ICommandHandler<RelabelKey> {
  constructor(private readonly rings: KeyRingDecisions) {}

  async execute({ principal, context, input }: RelabelKey): Promise<Outcome<ChangedKey>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring } = await this.rings.reachKey(act, input.keyId);
    const command = {
      type: 'relabel',
      keyId: input.keyId,
      label: labelText(input.label),
      at: context.now.toISOString(),
    } as const;
    const { state, position } = await this.rings.decide(ring, context, (current: KeyRing) => {
      assertVersion(current, input.keyId, input.ifMatch);
      return command;
    });
    return { value: changedKey(state, input.keyId), position };
  }
}
