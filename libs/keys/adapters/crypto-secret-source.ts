import { randomBytes, randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { PortalCode } from '#kernel';
import {
  BASE62,
  composeKey,
  composePassphrase,
  KEY_RANDOM_CHARS,
  PASSPHRASE_ALPHABET,
  PASSPHRASE_RANDOM_CHARS,
} from '#kernel';
import { SecretSource } from '../ports/secret-source.port.js';

export const SHARE_TOKEN_BYTES = 32;

@Injectable()
export class CryptoSecretSource extends SecretSource {
  override key(prefix: string, portalCode: PortalCode): string {
    return composeKey(prefix, portalCode, drawn(BASE62, KEY_RANDOM_CHARS));
  }

  override shareToken(): string {
    return randomBytes(SHARE_TOKEN_BYTES).toString('base64url');
  }

  override passphrase(): string {
    return composePassphrase(drawn(PASSPHRASE_ALPHABET, PASSPHRASE_RANDOM_CHARS));
  }
}

/** `randomInt` draws without modulo bias. */
function drawn(alphabet: string, length: number): string {
  let text = '';
  while (text.length < length) text += alphabet.charAt(randomInt(alphabet.length));
  return text;
}
