import type { NetworkId } from '#kernel';
import { BASE62, isUuid, networkId } from '#kernel';

/** 43 characters of base62 are 256 bits. */
export const WEBHOOK_SECRET_CHARACTERS = 43;
export const WEBHOOK_CREDENTIAL_CHARACTERS_MAX = 120;

export interface WebhookCredentialParts {
  readonly networkId: NetworkId;
  readonly credentialId: string;
  readonly secret: string;
}

/** `klwh_<network>_<credential id>_<secret>`: says in the clear which hash it is to be compared with. */
export function formatWebhookCredential(parts: WebhookCredentialParts): string {
  return ['klwh', String(parts.networkId), parts.credentialId, parts.secret].join('_');
}

const FORMAT = /^klwh_([1-9]\d{0,15})_([0-9a-f-]{36})_([0-9A-Za-z]{43})$/;

/** `undefined` when the text is none; says nothing about whether it is accepted. */
export function parseWebhookCredential(text: string): WebhookCredentialParts | undefined {
  if (text.length > WEBHOOK_CREDENTIAL_CHARACTERS_MAX) return undefined;
  const [, network, credentialId, secret] = FORMAT.exec(text) ?? [];
  if (network === undefined || credentialId === undefined || secret === undefined) return undefined;
  const id = Number(network);
  if (!Number.isSafeInteger(id) || !isUuid(credentialId)) return undefined;
  return { networkId: networkId(id), credentialId, secret };
}

/** From random bytes, without bias; `undefined` when there were too few to draw from. */
export function webhookSecretFrom(bytes: Uint8Array): string | undefined {
  // 248 is the largest multiple of 62 below 256.
  const drawn = [...bytes].filter((byte) => byte < 248).slice(0, WEBHOOK_SECRET_CHARACTERS);
  return drawn.length === WEBHOOK_SECRET_CHARACTERS
    ? drawn.map((byte) => BASE62.charAt(byte % 62)).join('')
    : undefined;
}
