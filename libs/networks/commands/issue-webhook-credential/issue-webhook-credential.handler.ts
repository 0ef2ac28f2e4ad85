import { randomBytes } from 'node:crypto';
import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import { Authorizer } from '#access';
import { clientText } from '#kernel';
import type { SecretWithheld } from '#messaging';
import { DecideService } from '#messaging';
import { Peppers } from '#sealing';
import { networkDecider } from '../../domain/network.decider.js';
import {
  formatWebhookCredential,
  webhookSecretFrom,
} from '../../domain/webhook-credential.value.js';
import { networkStreamId, settingsOf } from '../../network-settings.reader.js';
import { assertReachable } from '../../own-network.js';
import { WEBHOOK_SECRET_PURPOSE } from '../../webhook-credential.verifier.js';
import type { NetworkAnswer } from '../network-answer.js';
import { IssueWebhookCredential } from './issue-webhook-credential.command.js';

export const WEBHOOK_LABEL_CHARACTERS_MAX = 120;
const RANDOM_BYTES_DRAWN = 64;

export interface WebhookCredentialAnswer extends NetworkAnswer {
  readonly credentialId: string;
  /** Shown now and never again: `null` in the answer to a retry. */
  readonly credential: string | null;
  readonly secretWithheld: SecretWithheld | null;
}

@CommandHandler(IssueWebhookCredential)
export class IssueWebhookCredentialHandler implements ICommandHandler<
  IssueWebhookCredential,
  WebhookCredentialAnswer
> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
    private readonly peppers: Peppers,
  ) {}

  async execute(command: IssueWebhookCredential): Promise<WebhookCredentialAnswer> {
    const { principal, context, input } = command;
    const { networkId } = input;
    assertReachable(principal, networkId);
    await this.authorizer.authorize(principal, 'network.settings.manage', { networkId });
    const label = clientText(input.label, { max: WEBHOOK_LABEL_CHARACTERS_MAX, field: '/label' });
    const credentialId = uuidv5('webhookCredential', context.commandId);
    let secret: string | undefined;
    const { state, position, replayed } = await this.decisions.execute({
      streamId: networkStreamId(networkId),
      decider: networkDecider,
      command: async () => {
        secret = drawSecret();
        const pepperId = await this.peppers.current();
        const hash = await this.peppers.hash(pepperId, WEBHOOK_SECRET_PURPOSE, secret);
        return { kind: 'issueWebhookCredential', credentialId, pepperId, hash, label } as const;
      },
      context,
    });
    const credential =
      replayed || secret === undefined
        ? null
        : formatWebhookCredential({ networkId, credentialId, secret });
    return {
      settings: settingsOf(networkId, state),
      position,
      credentialId,
      credential,
      secretWithheld: credential === null ? 'inFirstAnswerOnly' : null,
    };
  }
}

function drawSecret(): string {
  for (;;) {
    const secret = webhookSecretFrom(randomBytes(RANDOM_BYTES_DRAWN));
    if (secret !== undefined) return secret;
  }
}
