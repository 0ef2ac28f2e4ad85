import { Injectable } from '@nestjs/common';
import { SealingKeys } from '../sealing-keys.port.js';
import type { WrappedKey } from '../sealing.port.js';
import { KeyWrapper, WrappingKeyMissingError } from '../sealing.port.js';
import { decrypt, encrypt, packed, unpacked } from './aes-gcm.js';

/** Wraps with the root key of the key file or the environment. */
@Injectable()
export class LocalKeyWrapper extends KeyWrapper {
  constructor(private readonly sealingKeys: SealingKeys) {
    super();
  }

  override async keyId(): Promise<string> {
    return Promise.resolve(this.sealingKeys.keys().wrappingKey.id);
  }

  override async wrap(dataKey: Uint8Array, context: string): Promise<WrappedKey> {
    const { id, bytes } = this.sealingKeys.keys().wrappingKey;
    return Promise.resolve({ keyId: id, ciphertext: packed(encrypt(bytes, dataKey, context)) });
  }

  override async unwrap(wrapped: WrappedKey, context: string): Promise<Uint8Array> {
    const { id, bytes } = this.sealingKeys.keys().wrappingKey;
    if (wrapped.keyId !== id)
      throw new WrappingKeyMissingError(`wrapped with key ${wrapped.keyId}, which is not here`);
    return Promise.resolve(decrypt(bytes, unpacked(wrapped.ciphertext), context));
  }
}
