import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { Authorizer, OPERATOR } from '#access';
import { clientText } from '#kernel';
import { DecideService } from '#messaging';
import { networkDecider } from '../../domain/network.decider.js';
import { networkStreamId, settingsOf } from '../../network-settings.reader.js';
import type { NetworkAnswer } from '../network-answer.js';
import { CreateNetwork } from './create-network.command.js';

export const NETWORK_NAME_CHARACTERS_MAX = 120;

@CommandHandler(CreateNetwork)
export class CreateNetworkHandler implements ICommandHandler<CreateNetwork, NetworkAnswer> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
  ) {}

  async execute({ principal, context, input }: CreateNetwork): Promise<NetworkAnswer> {
    const { networkId, region } = input;
    await this.authorizer.authorize(principal, OPERATOR, { networkId });
    const name = clientText(input.name, { max: NETWORK_NAME_CHARACTERS_MAX, field: '/name' });
    const { state, position } = await this.decisions.execute({
      streamId: networkStreamId(networkId),
      decider: networkDecider,
      command: { kind: 'create', name, region },
      // The event is the network's, although an operator, who has none, caused it.
      context: { ...context, networkId },
    });
    return { settings: settingsOf(networkId, state), position };
  }
}
