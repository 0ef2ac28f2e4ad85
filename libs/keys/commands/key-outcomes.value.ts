import type { Position } from '#event-store';
import type { IsoTime } from '#kernel';
import type { SecretWithheld } from '#messaging';
import type { Holder, Portal } from '../domain/portal.value.js';

/** What a command did, and where the log has it (for `atLeast` and `X-Ledger-Position`). */
export interface Outcome<T> {
  readonly value: T;
  readonly position: Position;
}

/** A secret, or why the answer to a retry has none. */
export interface ShownSecret {
  readonly key: string | null;
  readonly secretWithheld: SecretWithheld | null;
}

/** A key after a command. */
export interface ChangedKey {
  readonly keyId: string;
  readonly portal: Portal;
  readonly holder: Holder;
  readonly label: string;
  readonly masked: string;
  readonly status: 'active' | 'suspended' | 'revoked' | 'expired';
  /** For `ETag` and `If-Match`. */
  readonly version: number;
  readonly expiresAt: IsoTime | null;
}

export interface IssuedKey extends ChangedKey, ShownSecret {}

export interface ReissuedKey extends IssuedKey {
  readonly replaces: string;
}

export interface RevealedKey extends ShownSecret {
  readonly keyId: string;
}

export interface ChangedKeyRing {
  /** All keys of the ring, also those that were not changed. */
  readonly keys: readonly ChangedKey[];
}

export interface CreatedShare {
  readonly shareId: string;
  readonly keyId: string;
  /** Token in the fragment: no server or proxy ever sees it. `null`: the answer to a retry. */
  readonly link: string | null;
  readonly token: string | null;
  readonly passphrase: string | null;
  readonly secretWithheld: SecretWithheld | null;
  readonly expiresAt: IsoTime;
}

export interface EndedShare {
  readonly shareId: string;
  readonly keyId: string;
  readonly status: 'opened' | 'ended';
}
