import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { Authorizer } from '#access';
import { DecideService } from '#messaging';
import { networkDecider } from '../../domain/network.decider.js';
import { networkStreamId, settingsOf } from '../../network-settings.reader.js';
import { assertReachable } from '../../own-network.js';
import type { NetworkAnswer } from '../network-answer.js';
import { RevokeWebhookCredential } from './revoke-webhook-credential.command.js';

@CommandHandler(RevokeWebhookCredential)
export class RevokeWebhookCredentialHandler implements ICommandHandler<
  RevokeWebhookCredential,
  NetworkAnswer
> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
  ) {}

  async execute({ principal, context, input }: RevokeWebhookCredential): Promise<NetworkAnswer> {
    const { networkId, credentialId } = input;
    assertReachable(principal, networkId);
    await this.authorizer.authorize(principal, 'network.settings.manage', { networkId });
    const { state, position } = await this.decisions.execute({
      streamId: networkStreamId(networkId),
      decider: networkDecider,
      command: { kind: 'revokeWebhookCredential', credentialId },
      context,
    });
    return { settings: settingsOf(networkId, state), position };
  }
}
