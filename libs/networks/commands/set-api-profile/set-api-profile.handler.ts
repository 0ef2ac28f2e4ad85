import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { Authorizer } from '#access';
import { clientText } from '#kernel';
import { DecideService } from '#messaging';
import { DOCUMENTATION_TITLE_CHARACTERS_MAX } from '../../domain/api-profile.value.js';
import { networkDecider } from '../../domain/network.decider.js';
import { networkStreamId, settingsOf } from '../../network-settings.reader.js';
import { assertReachable } from '../../own-network.js';
import type { NetworkAnswer } from '../network-answer.js';
import { SetApiProfile } from './set-api-profile.command.js';

@CommandHandler(SetApiProfile)
export class SetApiProfileHandler implements ICommandHandler<SetApiProfile, NetworkAnswer> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
  ) {}

  async execute({ principal, context, input }: SetApiProfile): Promise<NetworkAnswer> {
    const { networkId, profile } = input;
    assertReachable(principal, networkId);
    await this.authorizer.authorize(principal, 'network.settings.manage', { networkId });
    for (const { title } of Object.values(profile.documentation).flat())
      clientText(title, { max: DOCUMENTATION_TITLE_CHARACTERS_MAX, field: '/documentation' });
    const { state, position } = await this.decisions.execute({
      streamId: networkStreamId(networkId),
      decider: networkDecider,
      command: { kind: 'setApiProfile', profile },
      context,
    });
    return { settings: settingsOf(networkId, state), position };
  }
}
