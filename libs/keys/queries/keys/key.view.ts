import type { Actor } from '#event-store';
import type { IsoTime } from '#kernel';
import type {
  RevocationReason,
  SuspensionCause,
  SuspensionScope,
} from '../../domain/key-ring.events.js';
import type { HolderType, Portal, SecretStorage } from '../../domain/portal.value.js';
import type { EligibilityVerdict } from '../../domain/verdict.value.js';

export const KEY_STATUSES = ['active', 'suspended', 'revoked', 'expired'] as const;
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** A key as lists show it: never its secret. */
export interface KeyView {
  readonly keyId: string;
  readonly portal: Portal;
  readonly holder: { readonly type: HolderType; readonly id: number };
  readonly partnerId: number | null;
  readonly label: string;
  readonly masked: string;
  /** `sealed` ones can be revealed and shared. */
  readonly storage: SecretStorage;
  /** A key past its expiry is `expired` from that moment on, whether or not the ledger has closed it yet. */
  readonly status: KeyStatus;
  /** For `If-Match`. */
  readonly version: number;
  readonly permissions: readonly string[];
  readonly employeeId: number | null;
  readonly expiresAt: IsoTime | null;
  readonly issued: { readonly at: IsoTime; readonly by: Actor; readonly position: string };
  readonly suspension: {
    readonly scope: SuspensionScope;
    readonly cause: SuspensionCause;
    readonly at: IsoTime;
    readonly by: Actor;
  } | null;
  readonly revocation: {
    readonly reason: RevocationReason;
    readonly note: string | null;
    readonly at: IsoTime;
    readonly by: Actor;
  } | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  /** Links that can still be opened. */
  readonly openShares: number;
  readonly lastSharedAt: IsoTime | null;
  readonly lastRevealedAt: IsoTime | null;
}

/** With what lists leave out. */
export interface KeyDetail extends KeyView {
  /** The partner's eligibility as it was found when the key was issued. */
  readonly verdict: EligibilityVerdict | null;
}
