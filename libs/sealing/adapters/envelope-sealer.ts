import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { SealedSecret } from '../sealing.port.js';
import { KeyWrapper, Sealer } from '../sealing.port.js';
import { AES_KEY_BYTES, decrypt, encrypt } from './aes-gcm.js';

/** AES-256-GCM with a data key of each secret's own; data key and secret are bound to the same associated data. */
@Injectable()
export class EnvelopeSealer extends Sealer {
  constructor(private readonly wrapper: KeyWrapper) {
    super();
  }

  override async seal(plaintext: Uint8Array, associated: string): Promise<SealedSecret> {
    const dataKey = randomBytes(AES_KEY_BYTES);
    try {
      const wrappedKey = await this.wrapper.wrap(dataKey, associated);
      return { wrappedKey, ...encrypt(dataKey, plaintext, associated) };
    } finally {
      dataKey.fill(0);
    }
  }

  override async open(sealed: SealedSecret, associated: string): Promise<Uint8Array> {
    const dataKey = await this.wrapper.unwrap(sealed.wrappedKey, associated);
    try {
      return decrypt(dataKey, sealed, associated);
    } finally {
      dataKey.fill(0);
    }
  }
}
