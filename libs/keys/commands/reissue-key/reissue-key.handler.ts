import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { KeyRing } from '../../domain/key-ring.decider.js';
import { keyOf, keyRingDecider } from '../../domain/key-ring.decider.js';
import { NetworkPolicyPort } from '../../ports/network-policy.port.js';
import { changedKey } from '../changed-key.js';
import { expiryTime, labelText, noteText } from '../client-input.js';
import type { Outcome, ReissuedKey } from '../key-outcomes.value.js';
import { assertVersion, KeyRingDecisions, refuse } from '../key-ring-decisions.js';
import type { DrawnKey } from '../new-keys.js';
import { NewKeys } from '../new-keys.js';
import { ReissueKey } from './reissue-key.command.js';

@CommandHandler(ReissueKey)
export class ReissueKeyHandler implements ICommandHandler<ReissueKey> {
  constructor(
    private readonly rings: KeyRingDecisions,
    private readonly policies: NetworkPolicyPort,
    private readonly newKeys: NewKeys,
  ) {}

  async execute({ principal, context, input }: ReissueKey): Promise<Outcome<ReissuedKey>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring, partner } = await this.rings.reachKey(act, input.keyId);
    const policy = await this.policies.load(ring.networkId, context.signal);
    if (!policy) return refuse('keys/key-not-found');
    const note = noteText(input.note);
    const label = input.label === undefined ? undefined : labelText(input.label);
    const keyId = this.newKeys.keyIdOf(ring, context);
    const expiresAt = expiryTime(input.expiresAt);

    let drawn: DrawnKey | undefined;
    const receipt = await this.rings.decide(
      ring,
      context,
      async (state: KeyRing) => {
        assertVersion(state, input.keyId, input.ifMatch);
        // A network key's replacement may do what it may, for whom it was.
        const old = keyOf(state, input.keyId);
        const { permissions, employeeId } = old;
        const rest = { keyId, label: label ?? old.label, permissions, employeeId, expiresAt };
        const command = {
          type: 'revokeAndReissue',
          keyId: input.keyId,
          reason: input.reason,
          note,
          policy,
          verdict: partner?.verdict ?? null,
          at: context.now.toISOString(),
        } as const;
        keyRingDecider.decide({ ...command, replacement: this.newKeys.blank(ring, rest) }, state);
        drawn = await this.newKeys.draw(ring, policy.keyPrefix, rest);
        return { ...command, replacement: drawn.key };
      },
      { retryUntilDeadline: true },
    );
    const shown = await this.newKeys.secretOf(ring, receipt, drawn, context);
    return {
      value: { ...changedKey(receipt.state, keyId), ...shown, replaces: input.keyId },
      position: receipt.position,
    };
  }
}
