import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { Authorizer } from '#access';
import { DecideService } from '#messaging';
import { networkDecider } from '../../domain/network.decider.js';
import { networkStreamId, settingsOf } from '../../network-settings.reader.js';
import { assertReachable } from '../../own-network.js';
import type { NetworkAnswer } from '../network-answer.js';
import { SetKeyPolicy } from './set-key-policy.command.js';

@CommandHandler(SetKeyPolicy)
export class SetKeyPolicyHandler implements ICommandHandler<SetKeyPolicy, NetworkAnswer> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
  ) {}

  async execute({ principal, context, input }: SetKeyPolicy): Promise<NetworkAnswer> {
    const { networkId, policy } = input;
    assertReachable(principal, networkId);
    await this.authorizer.authorize(principal, 'network.settings.manage', { networkId });
    const { state, position } = await this.decisions.execute({
      streamId: networkStreamId(networkId),
      decider: networkDecider,
      command: { kind: 'setKeyPolicy', policy },
      context,
    });
    return { settings: settingsOf(networkId, state), position };
  }
}
