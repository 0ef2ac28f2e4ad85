import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import type { RequestContext } from '#messaging';
import { keyRingDecider } from '../../domain/key-ring.decider.js';
import type { KeyRing } from '../../domain/key-ring.decider.js';
import type { NewKey } from '../../domain/key-ring.commands.js';
import type { RingId } from '../../domain/portal.value.js';
import { PORTAL_RULES } from '../../domain/portal.value.js';
import { EmployeeFactsPort } from '../../ports/employee-facts.port.js';
import { NetworkPolicyPort } from '../../ports/network-policy.port.js';
import { changedKey } from '../changed-key.js';
import { expiryTime, labelText, permissionNames } from '../client-input.js';
import type { IssuedKey, Outcome } from '../key-outcomes.value.js';
import { KeyRingDecisions, refuse } from '../key-ring-decisions.js';
import type { DrawnKey } from '../new-keys.js';
import { NewKeys } from '../new-keys.js';
import { IssueKey } from './issue-key.command.js';

@CommandHandler(IssueKey)
export class IssueKeyHandler implements ICommandHandler<IssueKey> {
  constructor(
    private readonly rings: KeyRingDecisions,
    private readonly policies: NetworkPolicyPort,
    private readonly employees: EmployeeFactsPort,
    private readonly newKeys: NewKeys,
  ) {}

  async execute({ principal, context, input }: IssueKey): Promise<Outcome<IssuedKey>> {
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const { ring, partner } = await this.rings.reachHolder(act, input.portal, input.holder);
    const policy = await this.policies.load(ring.networkId, context.signal);
    if (!policy) return refuse('keys/holder-not-found');
    const employeeId = input.employeeId ?? principal.employee?.employeeId ?? null;
    const rest = {
      keyId: this.newKeys.keyIdOf(ring, context),
      label: labelText(input.label),
      permissions: permissionNames(input.permissions ?? []),
      employeeId: PORTAL_RULES[ring.portal].hasPermissions
        ? employeeId
        : (input.employeeId ?? null),
      expiresAt: expiryTime(input.expiresAt),
    };
    const command = (key: NewKey) =>
      ({
        type: 'issue',
        portal: ring.portal,
        holder: ring.holder,
        key,
        policy,
        verdict: partner?.verdict ?? null,
        at: context.now.toISOString(),
      }) as const;

    let drawn: DrawnKey | undefined;
    const receipt = await this.rings.decide(ring, context, async (state: KeyRing) => {
      keyRingDecider.decide(command(this.newKeys.blank(ring, rest)), state);
      await this.assertEmployed(ring, input.employeeId, context);
      drawn = await this.newKeys.draw(ring, policy.keyPrefix, rest);
      return command(drawn.key);
    });
    const shown = await this.newKeys.secretOf(ring, receipt, drawn, context);
    return {
      value: { ...changedKey(receipt.state, rest.keyId), ...shown },
      position: receipt.position,
    };
  }

  private async assertEmployed(
    { networkId }: RingId,
    employeeId: number | undefined,
    { signal }: RequestContext,
  ): Promise<void> {
    if (
      employeeId !== undefined &&
      !(await this.employees.isEmployed(networkId, employeeId, signal))
    )
      refuse('keys/employee-not-found', { employeeId });
  }
}
