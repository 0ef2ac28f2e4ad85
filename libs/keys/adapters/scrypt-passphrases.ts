import type { ScryptOptions } from 'node:crypto';
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { normalizedPassphrase } from '#kernel';
import { PassphraseHasher } from '../ports/passphrase-hasher.port.js';

export const SCRYPT_COST = 32_768;
export const SCRYPT_BLOCK_SIZE = 8;
export const SCRYPT_PARALLELIZATION = 1;
export const SCRYPT_HASH_BYTES = 32;
export const SCRYPT_SALT_BYTES = 16;
/** Each takes 32 MiB and a thread of the pool that files and look-ups share. */
export const SCRYPT_AT_ONCE_MAX = 2;
export const PASSPHRASE_CHARS_MAX = 100;

@Injectable()
export class ScryptPassphrases extends PassphraseHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  override async hash(passphrase: string): Promise<string> {
    const salt = randomBytes(SCRYPT_SALT_BYTES);
    const parameters = { N: SCRYPT_COST, r: SCRYPT_BLOCK_SIZE, p: SCRYPT_PARALLELIZATION };
    const hash = await this.derive(normalizedPassphrase(passphrase), salt, parameters);
    const { N, r, p } = parameters;
    return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
  }

  override async verify(passphrase: string, encoded: string): Promise<boolean> {
    const [scheme, N, r, p, salt, expected] = encoded.split('$');
    if (scheme !== 'scrypt' || salt === undefined || expected === undefined)
      throw new TypeError('not an encoded passphrase');
    if (passphrase.length > PASSPHRASE_CHARS_MAX) return false;
    const hash = await this.derive(
      normalizedPassphrase(passphrase),
      Buffer.from(salt, 'base64url'),
      {
        N: Number(N),
        r: Number(r),
        p: Number(p),
      },
    );
    const known = Buffer.from(expected, 'base64url');
    return hash.length === known.length && timingSafeEqual(hash, known);
  }

  private async derive(passphrase: string, salt: Uint8Array, options: ScryptOptions) {
    while (this.running >= SCRYPT_AT_ONCE_MAX)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const maxmem = 256 * SCRYPT_COST * SCRYPT_BLOCK_SIZE;
        scrypt(passphrase, salt, SCRYPT_HASH_BYTES, { ...options, maxmem }, (error, hash) => {
          if (error) reject(error);
          else resolve(hash);
        });
      });
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}
