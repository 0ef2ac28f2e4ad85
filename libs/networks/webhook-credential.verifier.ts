import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { NetworkId } from '#kernel';
import { DomainError } from '#kernel';
import { Peppers } from '#sealing';
import { parseWebhookCredential } from './domain/webhook-credential.value.js';
import { NetworkSettingsReader } from './network-settings.reader.js';

export const WEBHOOK_SECRET_PURPOSE = 'networks/webhook-credential';

export interface WebhookCaller {
  readonly networkId: NetworkId;
  readonly credentialId: string;
}

/** Tells which network a webhook's credential speaks for; nothing else of a webhook does. */
@Injectable()
export class WebhookCredentialVerifier {
  constructor(
    private readonly networks: NetworkSettingsReader,
    private readonly peppers: Peppers,
  ) {}

  /**
   * Missing, malformed, of no network, revoked, wrong: one answer for all of them.
   *
   * @throws {DomainError} `networks/webhook-credential-invalid`
   */
  async verify(text: string | undefined, signal?: AbortSignal): Promise<WebhookCaller> {
    const parts = text === undefined ? undefined : parseWebhookCredential(text);
    if (!parts) throw new DomainError('networks/webhook-credential-invalid');
    const { networkId, credentialId, secret } = parts;
    const settings = await this.networks.load(networkId, signal);
    const known = settings?.webhookCredentials.find(
      (credential) => credential.credentialId === credentialId,
    );
    // Hashed also when nothing is known: how long the answer takes says nothing.
    const pepperId = known?.pepperId ?? (await this.peppers.current());
    const given = Buffer.from(await this.peppers.hash(pepperId, WEBHOOK_SECRET_PURPOSE, secret));
    const expected = Buffer.from(known?.hash ?? given);
    const matches = given.length === expected.length && timingSafeEqual(given, expected);
    if (!known || known.revoked || !matches)
      throw new DomainError('networks/webhook-credential-invalid');
    return { networkId, credentialId };
  }
}
