import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { changedKeys } from '../changed-key.js';
import { reasonText } from '../client-input.js';
import type { ChangedKeyRing, Outcome } from '../key-outcomes.value.js';
import { KeyRingDecisions } from '../key-ring-decisions.js';
import { SuspendKeyRing } from './suspend-key-ring.command.js';

@CommandHandler(SuspendKeyRing)
export class SuspendKeyRingHandler implements ICommandHandler<SuspendKeyRing> {
  constructor(private readonly rings: KeyRingDecisions) {}

  async execute({ principal, context, input }: SuspendKeyRing): Promise<Outcome<ChangedKeyRing>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring } = await this.rings.reachHolder(act, input.portal, input.holder);
    const reason = reasonText(input.reason);
    const { state, position } = await this.rings.decide(
      ring,
      context,
      {
        type: 'suspendRing',
        cause: { kind: 'manual', reason, event: null },
        at: context.now.toISOString(),
      },
      { retryUntilDeadline: true, stops: true },
    );
    return { value: { keys: changedKeys(state) }, position };
  }
}
