import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { RootKey } from '../sealing-keys.port.js';

export const ROOT_KEY_BYTES = 32;
const ID_CHARS = 16;

/** The id is a key check value: it tells another key, and nothing about the key. */
export function rootKey(bytes: Uint8Array): RootKey {
  if (bytes.length !== ROOT_KEY_BYTES)
    throw new TypeError(`a root key has ${String(ROOT_KEY_BYTES)} bytes`);
  const id = createHmac('sha256', bytes).update('keyledger key check value').digest('hex');
  return { id: id.slice(0, ID_CHARS), bytes };
}

export const randomRootKey = (): RootKey => rootKey(randomBytes(ROOT_KEY_BYTES));

/** A pepper of an environment that holds one key only. */
export function derivedPepper(wrappingKey: RootKey): RootKey {
  return rootKey(
    new Uint8Array(hkdfSync('sha256', wrappingKey.bytes, '', 'keyledger pepper', ROOT_KEY_BYTES)),
  );
}

/** `undefined`: not the standard base64 of 32 bytes. */
export function rootKeyFromBase64(text: string): RootKey | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === ROOT_KEY_BYTES && bytes.toString('base64') === text
    ? rootKey(new Uint8Array(bytes))
    : undefined;
}
