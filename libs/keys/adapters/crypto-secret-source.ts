import { randomBytes, randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { PortalCode } from '#kernel';
import { BASE62, composeKey, KEY_RANDOM_CHARS } from '#kernel';
import { SecretSource } from '../ports/secret-source.port.js';
import { PASSPHRASE_ALPHABET } from './scrypt-passphrases.js';

export const SHARE_TOKEN_BYTES = 32;
export const PASSPHRASE_GROUPS = 4;
export const PASSPHRASE_GROUP_CHARS = 4;

@Injectable()
export class CryptoSecretSource extends SecretSource {
  override key(prefix: string, portalCode: PortalCode): string {
    return composeKey(prefix, portalCode, drawn(BASE62, KEY_RANDOM_CHARS));
  }

  override shareToken(): string {
    return randomBytes(SHARE_TOKEN_BYTES).toString('base64url');
  }

  override passphrase(): string {
    return Array.from({ length: PASSPHRASE_GROUPS }, () =>
      drawn(PASSPHRASE_ALPHABET, PASSPHRASE_GROUP_CHARS),
    ).join('-');
  }
}

/** `randomInt` draws without modulo bias. */
function drawn(alphabet: string, length: number): string {
  let text = '';
  while (text.length < length) text += alphabet.charAt(randomInt(alphabet.length));
  return text;
}
