import type { IsoTime, KeyId, NetworkId, ShareId } from '#kernel';
import type { ShareBound } from '../domain/key-ring.events.js';
import type { RingId } from '../domain/portal.value.js';

/** What opening a share needs and the log must not hold, or must not be searched for. */
export interface ShareRecord {
  readonly ring: RingId;
  readonly shareId: ShareId;
  readonly keyId: KeyId;
  readonly bound: ShareBound;
  /** `Peppers.hash(pepperId, SHARE_TOKEN_PURPOSE, token)`. */
  readonly tokenHash: string;
  readonly pepperId: string;
  /** As `PassphraseHasher` writes it; `null` for a share that is bound to users. */
  readonly passphraseHash: string | null;
  readonly expiresAt: IsoTime;
}

export abstract class ShareStore {
  /** Before the append; each attempt of a share has its own token, and keeps its own record. */
  abstract keep(record: ShareRecord, at: Date): Promise<void>;

  /** After the append was acknowledged: this attempt's record counts, and those of other attempts go. */
  abstract confirm(networkId: NetworkId, shareId: ShareId, tokenHash: string): Promise<void>;

  /** Kept at or before `at` and not confirmed since: somebody died between, or the append failed. */
  abstract unconfirmed(at: Date, countMax: number): Promise<readonly ShareRecord[]>;

  /** One attempt's record that no event names. */
  abstract discard(networkId: NetworkId, shareId: ShareId, tokenHash: string): Promise<void>;

  /** Rings with confirmed shares that have an expiry at or before `at` and were not destroyed. */
  abstract ringsDue(at: Date, countMax: number): Promise<readonly RingId[]>;

  /** The share whose link carries this token, of whatever network: its hash under each pepper that is held. */
  abstract findByToken(...tokenHashes: readonly string[]): Promise<ShareRecord | undefined>;

  abstract locate(
    networkId: NetworkId,
    shareId: ShareId,
  ): Promise<{ readonly ring: RingId; readonly keyId: KeyId } | undefined>;

  /** As `KeySecretStore.restore`: what the log's event implies, without a passphrase. */
  abstract restore(record: Omit<ShareRecord, 'passphraseHash'>, at: Date): Promise<void>;

  /**
   * Counts one try before its passphrase is looked at, so that tries at the same time cannot outrun the bound.
   *
   * @returns which try this is, from 1; `undefined` when `PASSPHRASE_TRIES_MAX` were used up before.
   */
  abstract countTry(networkId: NetworkId, shareId: ShareId): Promise<number | undefined>;

  /** Takes back a counted try whose passphrase was right. */
  abstract forgiveTry(networkId: NetworkId, shareId: ShareId): Promise<void>;

  /** The passphrase hash of an opened or ended share. The token stays findable: whoever holds it is told what became of it. */
  abstract destroy(networkId: NetworkId, shareId: ShareId): Promise<void>;
}

export const SHARE_TOKEN_PURPOSE = 'share-token';
export const PASSPHRASE_TRIES_MAX = 5;
