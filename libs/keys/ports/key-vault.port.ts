import type { IsoTime, KeyId, NetworkId } from '#kernel';
import type { SecretReference } from '../domain/key-ring.events.js';
import type { Portal, RingId } from '../domain/portal.value.js';

export interface SecretCandidate {
  readonly ring: RingId;
  readonly keyId: KeyId;
  readonly secret: string;
  readonly expiresAt: IsoTime | null;
}

/**
 * Where secrets lie: outside the log and every read model. What is kept is a candidate until the stream's event names
 * its look-up hash; one that no event names is swept after `CANDIDATE_GRACE_MS`.
 */
export abstract class KeyVault {
  /**
   * Before the append: the locator and, where the portal's secrets are recoverable, the sealed secret, in one transaction.
   *
   * @throws {DomainError} `keys/wrapping-key-missing`; then nothing was kept.
   */
  abstract keep(candidate: SecretCandidate): Promise<SecretReference>;

  /**
   * The secret that the event's reference names, and no other attempt's.
   *
   * @throws {DomainError} `keys/secret-not-recoverable` (hashed), `keys/secret-destroyed`, `keys/wrapping-key-missing`.
   */
  abstract open(
    key: { readonly networkId: NetworkId; readonly portal: Portal; readonly keyId: KeyId },
    reference: SecretReference,
  ): Promise<string>;

  /** After the append was acknowledged; the sweeper does the same for who died before. */
  abstract confirm(networkId: NetworkId, keyId: KeyId, lookupHash: string): Promise<void>;

  /** Every sealed secret of the key, for ever. The locator stays: revoked keys stay listable. */
  abstract destroy(networkId: NetworkId, keyId: KeyId): Promise<void>;

  /** Whose ring holds the key; right after issuance and whatever the read models do. `undefined`: not of this network. */
  abstract locate(networkId: NetworkId, keyId: KeyId): Promise<RingId | undefined>;
}

/** Longer than any request may take, with its retries of an append whose outcome is unknown. */
export const CANDIDATE_GRACE_MS = 15 * 60_000;

/** The purpose of look-up hashes: `Peppers.hash(pepperId, KEY_LOOKUP_PURPOSE, key)`. */
export const KEY_LOOKUP_PURPOSE = 'api-key';
