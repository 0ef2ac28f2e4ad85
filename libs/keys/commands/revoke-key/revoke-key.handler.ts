import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { KeyRing } from '../../domain/key-ring.decider.js';
import { changedKey } from '../changed-key.js';
import { noteText } from '../client-input.js';
import type { ChangedKey, Outcome } from '../key-outcomes.value.js';
import { assertVersion, KeyRingDecisions } from '../key-ring-decisions.js';
import { RevokeKey } from './revoke-key.command.js';

@CommandHandler(RevokeKey)
export class RevokeKeyHandler implements ICommandHandler<RevokeKey> {
  constructor(private readonly rings: KeyRingDecisions) {}

  async execute({ principal, context, input }: RevokeKey): Promise<Outcome<ChangedKey>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring } = await this.rings.reachKey(act, input.keyId);
    const { keyId, reason } = input;
    const command = { type: 'revoke', keyId, reason, note: noteText(input.note) } as const;
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
