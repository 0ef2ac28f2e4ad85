import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SealBrokenError } from '../sealing.port.js';

export const AES_KEY_BYTES = 32;
export const AES_IV_BYTES = 12;
export const AES_TAG_BYTES = 16;

export interface AesGcmBox {
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

export function encrypt(key: Uint8Array, plaintext: Uint8Array, associated: string): AesGcmBox {
  const iv = randomBytes(AES_IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: AES_TAG_BYTES });
  cipher.setAAD(Buffer.from(associated, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { iv, ciphertext, tag: cipher.getAuthTag() };
}

/** @throws {SealBrokenError} another key, other associated data, or changed bytes. */
export function decrypt(key: Uint8Array, box: AesGcmBox, associated: string): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, box.iv, { authTagLength: AES_TAG_BYTES });
    decipher.setAAD(Buffer.from(associated, 'utf8'));
    decipher.setAuthTag(box.tag);
    return Buffer.concat([decipher.update(box.ciphertext), decipher.final()]);
  } catch {
    throw new SealBrokenError('the seal is broken');
  }
}

/** iv, tag and ciphertext in one. */
export function packed(box: AesGcmBox): Uint8Array {
  return Buffer.concat([box.iv, box.tag, box.ciphertext]);
}

/** @throws {SealBrokenError} too short. */
export function unpacked(bytes: Uint8Array): AesGcmBox {
  const head = AES_IV_BYTES + AES_TAG_BYTES;
  if (bytes.length < head) throw new SealBrokenError('the seal is broken');
  return {
    iv: bytes.subarray(0, AES_IV_BYTES),
    tag: bytes.subarray(AES_IV_BYTES, head),
    ciphertext: bytes.subarray(head),
  };
}
