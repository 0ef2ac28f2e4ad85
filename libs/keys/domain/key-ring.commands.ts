import type { IsoTime, KeyId, ShareId } from '#kernel';
import type {
  KeyIssued,
  RevealPurpose,
  RevocationReason,
  SecretReference,
  ShareBound,
  ShareChannel,
  ShareEndReason,
  ShareOpener,
  ShareRecipient,
  SuspensionCause,
} from './key-ring.events.js';
import type { Holder, Portal } from './portal.value.js';
import type { EligibilityVerdict } from './verdict.value.js';

/** What the network's key policy says about this decision. */
export interface RingPolicy {
  /** Keys that are neither revoked nor expired; suspended ones count. */
  readonly activeKeysMax: number;
}

/** A key as it will be issued: its secret is drawn, and sealed outside the log, before the decision. */
export interface NewKey {
  readonly keyId: KeyId;
  readonly label: string;
  readonly prefix: string;
  readonly hint: string;
  readonly secret: SecretReference;
  readonly permissions: KeyIssued['data']['permissions'];
  readonly employeeId: number | null;
  readonly expiresAt: IsoTime | null;
}

export interface NewShare {
  readonly shareId: ShareId;
  readonly recipient: ShareRecipient;
  readonly channel: ShareChannel;
  readonly reason: string;
  readonly bound: ShareBound;
  readonly tokenHash: string;
  readonly pepperId: string;
  readonly expiresAt: IsoTime;
}

export type KeyRingCommand =
  | {
      readonly type: 'issue';
      readonly portal: Portal;
      readonly holder: Holder;
      readonly key: NewKey;
      readonly policy: RingPolicy;
      readonly verdict: EligibilityVerdict | null;
      readonly at: IsoTime;
    }
  | {
      readonly type: 'revokeAndReissue';
      readonly keyId: KeyId;
      readonly reason: RevocationReason;
      readonly note: string | null;
      /** Its label is the old key's when `null`. */
      readonly replacement: Omit<NewKey, 'label'> & { readonly label: string | null };
      readonly policy: RingPolicy;
      readonly verdict: EligibilityVerdict | null;
      readonly at: IsoTime;
    }
  | {
      readonly type: 'share';
      readonly keyId: KeyId;
      readonly share: NewShare;
      readonly shareTtlSecondsMax: number;
      readonly at: IsoTime;
    }
  | {
      readonly type: 'openShare';
      readonly shareId: ShareId;
      readonly openedBy: ShareOpener;
      readonly at: IsoTime;
    }
  | { readonly type: 'endShare'; readonly shareId: ShareId; readonly reason: ShareEndReason }
  | {
      readonly type: 'endSharesOf';
      readonly recipient: ShareRecipient;
      readonly reason: ShareEndReason;
    }
  | {
      readonly type: 'reveal';
      readonly keyId: KeyId;
      readonly purpose: RevealPurpose;
      readonly note: string | null;
      readonly at: IsoTime;
    }
  | {
      readonly type: 'relabel';
      readonly keyId: KeyId;
      readonly label: string;
      readonly at: IsoTime;
    }
  | {
      readonly type: 'suspend';
      readonly keyId: KeyId;
      readonly cause: SuspensionCause;
      readonly at: IsoTime;
    }
  | { readonly type: 'suspendRing'; readonly cause: SuspensionCause; readonly at: IsoTime }
  | {
      readonly type: 'reinstate';
      readonly keyId: KeyId;
      readonly reason: string;
      readonly verdict: EligibilityVerdict | null;
      readonly at: IsoTime;
    }
  | {
      readonly type: 'reinstateRing';
      readonly reason: string;
      readonly verdict: EligibilityVerdict | null;
      readonly at: IsoTime;
    }
  | {
      readonly type: 'revoke';
      readonly keyId: KeyId;
      readonly reason: RevocationReason;
      readonly note: string | null;
    }
  /** Ends what is past its time: keys and open shares. */
  | { readonly type: 'expire'; readonly at: IsoTime };
