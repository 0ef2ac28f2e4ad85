/** Wraps data keys with a key that never leaves its holder (a local file, the environment, later an external KMS). */
export abstract class KeyWrapper {
  /** Of the wrapping key in use; stands beside every wrapped data key. */
  abstract keyId(): Promise<string>;
  /** @throws {WrappingKeyMissingError} */
  abstract wrap(dataKey: Uint8Array, context: string): Promise<WrappedKey>;
  /** @throws {WrappingKeyMissingError} the key that wrapped it is not the one we hold. */
  abstract unwrap(wrapped: WrappedKey, context: string): Promise<Uint8Array>;
}

export interface WrappedKey {
  readonly keyId: string;
  readonly ciphertext: Uint8Array;
}

/** 503 `keys/wrapping-key-missing`: the wrapping key is absent, or not the one this ledger was sealed with. */
export class WrappingKeyMissingError extends Error {
  override readonly name = 'WrappingKeyMissingError';
}

/** A data key of its own (AES-256-GCM), wrapped; `associated` must be the same to open it. */
export interface SealedSecret {
  readonly wrappedKey: WrappedKey;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

export abstract class Sealer {
  abstract seal(plaintext: Uint8Array, associated: string): Promise<SealedSecret>;
  /** @throws {SealBrokenError} other associated data, or changed bytes. */
  abstract open(sealed: SealedSecret, associated: string): Promise<Uint8Array>;
}

export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
}

/** Keyed hashes (HMAC-SHA-256) for look-ups; the id of the pepper stands beside every hash. */
export abstract class Peppers {
  /** The id that new hashes are made with. @throws {WrappingKeyMissingError} */
  abstract current(): Promise<string>;
  /** All that can be looked up with, the current one first. @throws {WrappingKeyMissingError} */
  abstract ids(): Promise<readonly string[]>;
  /** Hex. @throws {WrappingKeyMissingError} no pepper of that id. */
  abstract hash(pepperId: string, purpose: string, value: string): Promise<string>;

  /**
   * Under every pepper that is held, the current one first: what was stored before a rotation is found by the others.
   *
   * @throws {WrappingKeyMissingError}
   */
  async hashes(purpose: string, value: string): Promise<readonly PepperedHash[]> {
    const ids = await this.ids();
    return Promise.all(
      ids.map(async (pepperId) => ({ pepperId, hash: await this.hash(pepperId, purpose, value) })),
    );
  }
}

export interface PepperedHash {
  readonly pepperId: string;
  readonly hash: string;
}

/** Personal data in events: sealed with a key of their subject's own, which can be erased. */
export abstract class PersonalData {
  /** @throws {WrappingKeyMissingError} then the datum is left out: what needs no secret goes on. */
  abstract seal(subject: string, text: string): Promise<string>;
  /** `undefined` when the subject's key was erased. @throws {WrappingKeyMissingError | SealBrokenError} */
  abstract open(subject: string, sealed: string): Promise<string | undefined>;
  abstract erase(subject: string): Promise<void>;
}
