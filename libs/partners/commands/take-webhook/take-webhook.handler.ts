import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { AccessDenials } from '#access';
import { DomainError } from '#kernel';
import type { WebhookCaller } from '#networks';
import { WebhookCredentialVerifier } from '#networks';
import { Peppers } from '#sealing';
import type { ParsedRecord, RecordRefusal } from '../../domain/vendor-record.value.js';
import { parsePartner, partnerIdIn, redactedShape } from '../../domain/vendor-record.value.js';
import { DeadLetters } from '../../ports/dead-letters.port.js';
import { ObservationIntake } from '../observation-intake.js';
import type { WebhookAnswer } from './take-webhook.command.js';
import { TakePartnerWebhook } from './take-webhook.command.js';

/** Issuer of the actor that stands on what a webhook caused; its subject is the credential. */
export const WEBHOOK_ISSUER = 'keyledger:webhook';
const DIGEST_PURPOSE = 'partners/dead-letter';

const NOT_JSON: ParsedRecord = { ok: false, refusal: { pointer: '', reason: 'must be JSON' } };

@CommandHandler(TakePartnerWebhook)
export class TakePartnerWebhookHandler implements ICommandHandler<
  TakePartnerWebhook,
  WebhookAnswer
> {
  constructor(
    private readonly credentials: WebhookCredentialVerifier,
    private readonly intake: ObservationIntake,
    private readonly deadLetters: DeadLetters,
    private readonly peppers: Peppers,
    private readonly denials: AccessDenials,
  ) {}

  async execute(command: TakePartnerWebhook): Promise<WebhookAnswer> {
    const { context, input } = command;
    const { kind, content } = input;
    const caller = await this.callerOf(command);
    const { networkId, credentialId } = caller;
    const parsed =
      'json' in content
        ? parsePartner(content.json, kind, { networkId, source: 'webhook', now: context.now })
        : NOT_JSON;
    if (!parsed.ok) {
      await this.bury(caller, parsed.refusal, command);
      const { pointer, reason: problem } = parsed.refusal;
      throw new DomainError('partners/malformed-record', { errors: [{ pointer, problem }] });
    }
    const { outcome, position } = await this.intake.take(networkId, parsed.observation, kind, {
      ...context,
      actor: { type: 'service', issuer: WEBHOOK_ISSUER, subject: credentialId },
    });
    return { partnerId: parsed.observation.partnerId, outcome, position };
  }

  private async callerOf({ context, input }: TakePartnerWebhook): Promise<WebhookCaller> {
    try {
      return await this.credentials.verify(input.credential, context.signal);
    } catch (error) {
      // What the credential says of its network is not believed: nobody's trail is written by a stranger.
      if (error instanceof DomainError && error.code === 'networks/webhook-credential-invalid')
        this.denials.record({ ip: context.ip, code: error.code, networkId: null });
      throw error;
    }
  }

  private async bury(
    { networkId, credentialId }: WebhookCaller,
    refusal: RecordRefusal,
    { context, input }: TakePartnerWebhook,
  ): Promise<void> {
    const { kind, content, bytes } = input;
    const body = 'json' in content ? content.json : undefined;
    const text = 'json' in content ? JSON.stringify(body ?? null) : content.unparsable;
    const [current, ...older] = await this.peppers.hashes(DIGEST_PURPOSE, text);
    if (!current) throw new TypeError('no pepper to hash with');
    await this.deadLetters.keep({
      ...refusal,
      networkId,
      credentialId,
      kind,
      partnerId: partnerIdIn(body) ?? null,
      shape: 'json' in content ? redactedShape(body) : {},
      digest: current.hash,
      pepperId: current.pepperId,
      olderDigests: older.map(({ hash }) => hash),
      bytes,
      receivedAt: context.now.toISOString(),
    });
  }
}
