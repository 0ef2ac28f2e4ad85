import type { IsoTime, KeyId, NetworkId } from '#kernel';
import type { SealedSecret } from '#sealing';
import type { RingId } from '../domain/portal.value.js';

/** One attempt to issue a key: where its ring is and, where the portal's secrets are recoverable, the sealed secret. */
export interface KeySecretRecord {
  readonly ring: RingId;
  readonly keyId: KeyId;
  readonly lookupHash: string;
  readonly sealed: SealedSecret | null;
  readonly expiresAt: IsoTime | null;
}

/** The table `ledger.key_secrets` and the locators beside it. */
export abstract class KeySecretStore {
  /** In one transaction. Each attempt draws its own secret, and keeps its own record. */
  abstract keep(record: KeySecretRecord, at: Date): Promise<void>;

  /** The sealed secret of the attempt with this look-up hash. */
  abstract find(
    networkId: NetworkId,
    keyId: KeyId,
    lookupHash: string,
  ): Promise<SealedSecret | undefined>;

  /** This attempt's record counts, and those of other attempts go. */
  abstract confirm(networkId: NetworkId, keyId: KeyId, lookupHash: string): Promise<void>;

  /** Kept at or before `at` and not confirmed since. */
  abstract unconfirmed(
    at: Date,
    countMax: number,
  ): Promise<readonly Pick<KeySecretRecord, 'ring' | 'keyId' | 'lookupHash'>[]>;

  /** One attempt's record that no event names; a locator goes with its last attempt. */
  abstract discard(networkId: NetworkId, keyId: KeyId, lookupHash: string): Promise<void>;

  /**
   * For a database that was restored from an older backup than the log: writes the locator that the log's event implies,
   * confirmed and without a secret. A locator that is there stays as it is.
   */
  abstract restore(record: Omit<KeySecretRecord, 'sealed'>, at: Date): Promise<void>;

  /** Every sealed secret of the key. Its locator stays, and is due no more. */
  abstract destroy(networkId: NetworkId, keyId: KeyId): Promise<void>;

  abstract locate(networkId: NetworkId, keyId: KeyId): Promise<RingId | undefined>;

  /** Rings with confirmed keys that have an expiry at or before `at` and were not destroyed. */
  abstract ringsDue(at: Date, countMax: number): Promise<readonly RingId[]>;
}
