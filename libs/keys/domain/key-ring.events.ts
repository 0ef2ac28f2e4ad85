import type { DomainEvent, IsoTime, KeyId, ShareId } from '#kernel';
import type { Holder, Portal, SecretStorage } from './portal.value.js';
import type { EligibilityVerdict } from './verdict.value.js';

/** How a secret is found again: a keyed hash and the pepper that keyed it. Of a sealed one the row lies outside the log. */
export interface SecretReference {
  readonly storage: SecretStorage;
  readonly pepperId: string;
  readonly lookupHash: string;
}

/** An event of another stream, named so that a move of the log to another server does not break it. */
export interface EventReference {
  readonly streamId: string;
  readonly revision: string;
  readonly eventId: string;
}

export const SUSPENSION_CAUSES = ['manual', 'flag', 'partnerStatus'] as const;
export type SuspensionCauseKind = (typeof SUSPENSION_CAUSES)[number];

export interface SuspensionCause {
  readonly kind: SuspensionCauseKind;
  /** A person's words, or the flag's kind, or the partner's status. */
  readonly reason: string;
  readonly event: EventReference | null;
}

/** `holder`: all keys of the ring were suspended in one decision, and come back in one. */
export type SuspensionScope = 'key' | 'holder';

export const REVOCATION_REASONS = ['leaked', 'rotated', 'offboarded', 'unused', 'other'] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

export const SHARE_CHANNELS = ['email', 'chat', 'phone', 'inPerson', 'ticket', 'other'] as const;
/** The way on which the link travels to its recipient. */
export type ShareChannel = (typeof SHARE_CHANNELS)[number];

export const SHARE_RECIPIENT_TYPES = ['holderUsers', 'partnerUser', 'contact'] as const;
export type ShareRecipientType = (typeof SHARE_RECIPIENT_TYPES)[number];

/** A reference only: `holderUsers` the holder's id, `partnerUser` `userReference(issuer, subject)`, `contact` a record elsewhere. */
export interface ShareRecipient {
  readonly type: ShareRecipientType;
  readonly reference: string;
}

export type ShareBound = 'users' | 'passphrase';

export const SHARE_END_REASONS = [
  'withdrawn',
  'reshared',
  'expired',
  'keyRevoked',
  'keySuspended',
  'keyExpired',
  'recipientRemoved',
  'wrongPassphrases',
] as const;
export type ShareEndReason = (typeof SHARE_END_REASONS)[number];

export const REVEAL_PURPOSES = [
  'resend',
  'support',
  'ownAccount',
  'marketplaceListing',
  'other',
] as const;
export type RevealPurpose = (typeof REVEAL_PURPOSES)[number];

/** Who opened a share: one of the partner's users, by reference, or whoever had the passphrase. */
export type ShareOpener =
  { readonly type: 'partnerUser'; readonly reference: string } | { readonly type: 'passphrase' };

export type KeyIssued = DomainEvent<
  'KeyIssued',
  {
    readonly keyId: KeyId;
    readonly portal: Portal;
    readonly holder: Holder;
    readonly label: string;
    readonly prefix: string;
    readonly hint: string;
    readonly secret: SecretReference;
    /** `null` where the portal asks for none. */
    readonly verdict: EligibilityVerdict | null;
    /** Network keys only, else empty. */
    readonly permissions: readonly string[];
    /** Network keys only: who uses it. */
    readonly employeeId: number | null;
    readonly expiresAt: IsoTime | null;
    readonly replaces: KeyId | null;
  }
>;

export type KeyShared = DomainEvent<
  'KeyShared',
  {
    readonly shareId: ShareId;
    readonly keyId: KeyId;
    readonly recipient: ShareRecipient;
    readonly channel: ShareChannel;
    readonly reason: string;
    readonly bound: ShareBound;
    readonly tokenHash: string;
    readonly pepperId: string;
    readonly expiresAt: IsoTime;
  }
>;

export type ShareOpened = DomainEvent<
  'ShareOpened',
  { readonly shareId: ShareId; readonly keyId: KeyId; readonly openedBy: ShareOpener }
>;

export type ShareEnded = DomainEvent<
  'ShareEnded',
  { readonly shareId: ShareId; readonly keyId: KeyId; readonly reason: ShareEndReason }
>;

export type KeyRevealed = DomainEvent<
  'KeyRevealed',
  { readonly keyId: KeyId; readonly purpose: RevealPurpose; readonly note: string | null }
>;

export type KeyRelabeled = DomainEvent<
  'KeyRelabeled',
  { readonly keyId: KeyId; readonly from: string; readonly to: string }
>;

export type KeySuspended = DomainEvent<
  'KeySuspended',
  { readonly keyId: KeyId; readonly scope: SuspensionScope; readonly cause: SuspensionCause }
>;

export type KeyReinstated = DomainEvent<
  'KeyReinstated',
  { readonly keyId: KeyId; readonly scope: SuspensionScope; readonly reason: string }
>;

/**
 * Until `HolderReinstated` no key of the ring is issued or comes back, whatever becomes of those it has. In the same
 * append as the `KeySuspended` of its keys, if any.
 */
export type HolderSuspended = DomainEvent<'HolderSuspended', { readonly cause: SuspensionCause }>;

export type HolderReinstated = DomainEvent<'HolderReinstated', { readonly reason: string }>;

export type KeyRevoked = DomainEvent<
  'KeyRevoked',
  {
    readonly keyId: KeyId;
    readonly reason: RevocationReason;
    readonly note: string | null;
    readonly replacedBy: KeyId | null;
  }
>;

export type KeyExpired = DomainEvent<
  'KeyExpired',
  { readonly keyId: KeyId; readonly expiresAt: IsoTime }
>;

export type KeyRingEvent =
  | KeyIssued
  | KeyShared
  | ShareOpened
  | ShareEnded
  | KeyRevealed
  | KeyRelabeled
  | KeySuspended
  | KeyReinstated
  | HolderSuspended
  | HolderReinstated
  | KeyRevoked
  | KeyExpired;

/**
 * The events that make a key's version (its ETag): `keyVersion` is how many of them the key has. Shares are resources of
 * their own, and a reveal changes nothing.
 */
export const KEY_VERSION_EVENTS = [
  'KeyIssued',
  'KeyRelabeled',
  'KeySuspended',
  'KeyReinstated',
  'KeyRevoked',
  'KeyExpired',
] as const satisfies readonly KeyRingEvent['type'][];

export const userReference = (issuer: string, subject: string): string => `${issuer}#${subject}`;
