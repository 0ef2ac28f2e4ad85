import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { Authorizer } from '#access';
import { assertNoKeyMaterial, clientText } from '#kernel';
import { DecideService } from '#messaging';
import type { ApiProfile, Portal } from '../../domain/api-profile.value.js';
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
    const { networkId } = input;
    assertReachable(principal, networkId);
    await this.authorizer.authorize(principal, 'network.settings.manage', { networkId });
    const profile = readable(input.profile);
    const { state, position } = await this.decisions.execute({
      streamId: networkStreamId(networkId),
      decider: networkDecider,
      command: { kind: 'setApiProfile', profile },
      context,
    });
    return { settings: settingsOf(networkId, state), position };
  }
}

/** @throws {DomainError} `request/text-not-allowed` */
function readable({ baseUrl, headerName, documentation }: ApiProfile): ApiProfile {
  const links = (portal: Portal) =>
    documentation[portal].map(({ title, url }) => {
      const field = `/documentation/${portal}`;
      // First of all: an array in the place of a link has no title, and no URL.
      const readableTitle = clientText(title, { max: DOCUMENTATION_TITLE_CHARACTERS_MAX, field });
      assertNoKeyMaterial(url);
      return { title: readableTitle, url };
    });
  assertNoKeyMaterial(baseUrl);
  assertNoKeyMaterial(headerName);
  return {
    baseUrl,
    headerName,
    documentation: {
      affiliate: links('affiliate'),
      advertiser: links('advertiser'),
      network: links('network'),
      marketplace: links('marketplace'),
    },
  };
}
