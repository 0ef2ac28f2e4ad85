import { DomainError } from '#kernel';
import type { Decider, IsoTime, KeyId, ShareId } from '#kernel';
import type { KeyRingCommand, NewKey, RingPolicy } from './key-ring.commands.js';
import type { KeysErrorCode } from './key-ring.errors.js';
import type {
  KeyIssued,
  KeyRingEvent,
  RevocationReason,
  SecretReference,
  ShareBound,
  ShareEnded,
  ShareEndReason,
  ShareRecipient,
  SuspensionCause,
  SuspensionScope,
} from './key-ring.events.js';
import { PORTAL_RULES } from './portal.value.js';
import type { Holder, Portal } from './portal.value.js';
import type { EligibilityVerdict } from './verdict.value.js';

interface KeyFacts {
  readonly keyId: KeyId;
  readonly portal: Portal;
  readonly holder: Holder;
  readonly label: string;
  readonly prefix: string;
  readonly hint: string;
  readonly secret: SecretReference;
  readonly permissions: readonly string[];
  readonly employeeId: number | null;
  readonly expiresAt: IsoTime | null;
  readonly replaces: KeyId | null;
  /** How many of `KEY_VERSION_EVENTS` the key has. */
  readonly version: number;
}

export type ActiveKey = KeyFacts & { readonly status: 'active' };
export type SuspendedKey = KeyFacts & {
  readonly status: 'suspended';
  readonly scope: SuspensionScope;
  readonly cause: SuspensionCause;
  /** The key's own suspension that a suspension of the holder lies upon. */
  readonly ownCause: SuspensionCause | null;
};
export type RevokedKey = KeyFacts & {
  readonly status: 'revoked';
  readonly reason: RevocationReason;
  readonly replacedBy: KeyId | null;
};
export type ExpiredKey = KeyFacts & { readonly status: 'expired' };
export type LiveKey = ActiveKey | SuspendedKey;
export type Key = LiveKey | RevokedKey | ExpiredKey;

export interface Share {
  readonly shareId: ShareId;
  readonly keyId: KeyId;
  readonly recipient: ShareRecipient;
  readonly bound: ShareBound;
  /** Of the link that was handed out; another attempt's link opens nothing. */
  readonly tokenHash: string;
  readonly expiresAt: IsoTime;
  readonly status: 'open' | 'opened' | 'ended';
  readonly endReason: ShareEndReason | null;
}

export interface KeyRing {
  readonly keys: ReadonlyMap<KeyId, Key>;
  readonly shares: ReadonlyMap<ShareId, Share>;
  /** By `HolderSuspended`, which older logs don't have: ask `isHolderSuspended`. */
  readonly holderSuspended: boolean;
}

export const keyRingDecider: Decider<KeyRing, KeyRingCommand, KeyRingEvent> = {
  initialState: () => ({ keys: new Map(), shares: new Map(), holderSuspended: false }),
  decide,
  evolve,
};

/** The key's version for `ETag` and `If-Match`; 0 when there is no such key. */
export function keyVersion(state: KeyRing, keyId: KeyId): number {
  return state.keys.get(keyId)?.version ?? 0;
}

/** What counts against the limit of active keys: neither revoked nor expired. */
export function liveKeys(state: KeyRing): readonly LiveKey[] {
  return [...state.keys.values()].filter(isLive);
}

export function isHolderSuspended(state: KeyRing): boolean {
  return (
    state.holderSuspended ||
    liveKeys(state).some((key) => key.status === 'suspended' && key.scope === 'holder')
  );
}

/** @throws {DomainError} `keys/key-not-found`. */
export function keyOf(state: KeyRing, keyId: KeyId): Key {
  return state.keys.get(keyId) ?? refuse('keys/key-not-found');
}

function decide(command: KeyRingCommand, state: KeyRing): readonly KeyRingEvent[] {
  switch (command.type) {
    case 'issue': {
      const due = expireDue(state, command.at);
      const settled = due.reduce(evolve, state);
      assertHolderOfPortal(command.portal, command.holder);
      assertIssuable(settled, command.portal, command.key, command.verdict, command.at);
      assertRoom(liveKeys(settled).length, command.policy);
      return [...due, issued(command.portal, command.holder, command.key, command.verdict, null)];
    }
    case 'revokeAndReissue': {
      const due = expireDue(state, command.at);
      const settled = due.reduce(evolve, state);
      const old = liveKeyOf(settled, command.keyId, command.at);
      const replacement: NewKey = {
        ...command.replacement,
        label: command.replacement.label ?? old.label,
      };
      assertIssuable(settled, old.portal, replacement, command.verdict, command.at);
      assertRoom(liveKeys(settled).length - 1, command.policy);
      return [
        ...due,
        {
          type: 'KeyRevoked',
          data: {
            keyId: old.keyId,
            reason: command.reason,
            note: command.note,
            replacedBy: replacement.keyId,
          },
        },
        ...endOpenSharesOf(settled, old.keyId, 'keyRevoked'),
        issued(old.portal, old.holder, replacement, command.verdict, old.keyId),
      ];
    }
    case 'share': {
      const key = activeKeyOf(state, command.keyId, command.at);
      assertRecoverable(key);
      const latest = new Date(
        Date.parse(command.at) + command.shareTtlSecondsMax * 1000,
      ).toISOString();
      if (command.share.expiresAt <= command.at || command.share.expiresAt > latest)
        return refuse('keys/share-expiry-out-of-bounds', {
          secondsMax: command.shareTtlSecondsMax,
        });
      // No link outlives its key.
      const expiresAt =
        key.expiresAt !== null && key.expiresAt < command.share.expiresAt
          ? key.expiresAt
          : command.share.expiresAt;
      return [
        ...endOpenSharesOf(state, key.keyId, 'reshared'),
        { type: 'KeyShared', data: { ...command.share, keyId: key.keyId, expiresAt } },
      ];
    }
    case 'openShare': {
      const share = shareOf(state, command.shareId);
      if (share.status === 'opened') return refuse('keys/share-already-opened');
      if (share.status === 'ended')
        return refuse(share.endReason === 'expired' ? 'keys/share-expired' : 'keys/share-ended');
      if (share.expiresAt <= command.at) return refuse('keys/share-expired');
      activeKeyOf(state, share.keyId, command.at);
      return [
        {
          type: 'ShareOpened',
          data: { shareId: share.shareId, keyId: share.keyId, openedBy: command.openedBy },
        },
      ];
    }
    case 'endShare': {
      const share = shareOf(state, command.shareId);
      return share.status === 'open' ? [ended(share, command.reason)] : [];
    }
    case 'endSharesOf':
      return [...state.shares.values()]
        .filter(
          (share) =>
            share.status === 'open' &&
            share.recipient.type === command.recipient.type &&
            share.recipient.reference === command.recipient.reference,
        )
        .map((share) => ended(share, command.reason));
    case 'reveal': {
      const key = activeKeyOf(state, command.keyId, command.at);
      assertRecoverable(key);
      return [
        {
          type: 'KeyRevealed',
          data: { keyId: key.keyId, purpose: command.purpose, note: command.note },
        },
      ];
    }
    case 'relabel': {
      const key = liveKeyOf(state, command.keyId, command.at);
      if (key.label === command.label) return [];
      return [
        { type: 'KeyRelabeled', data: { keyId: key.keyId, from: key.label, to: command.label } },
      ];
    }
    case 'suspend': {
      const key = liveKeyOf(state, command.keyId, command.at);
      if (key.status === 'active') return suspended(state, key, 'key', command.cause);
      return key.scope === 'holder' && key.ownCause === null
        ? underHolderSuspension(key, command.cause)
        : [];
    }
    case 'suspendRing': {
      const due = expireDue(state, command.at);
      const settled = due.reduce(evolve, state);
      const live = liveKeys(settled);
      // Where there is no key yet, the verdict keeps a blocked partner from one, for just as long as it is blocked.
      const states =
        !settled.holderSuspended && (live.length > 0 || command.cause.kind === 'manual');
      return [
        ...due,
        ...(states ? [holderSuspended(command.cause)] : []),
        ...live
          .filter((key) => key.status === 'active' || key.scope === 'key')
          .flatMap((key) => suspended(settled, key, 'holder', command.cause)),
      ];
    }
    case 'reinstate': {
      const key = liveKeyOf(state, command.keyId, command.at);
      if (key.status === 'active') return [];
      if (isHolderSuspended(state)) return refuse('keys/holder-suspended');
      assertNotBlocked(command.verdict);
      return [
        {
          type: 'KeyReinstated',
          data: { keyId: key.keyId, scope: 'key', reason: command.reason },
        },
      ];
    }
    case 'reinstateRing': {
      const due = expireDue(state, command.at);
      const settled = due.reduce(evolve, state);
      const keys = liveKeys(settled).flatMap((key) =>
        key.status === 'suspended' && key.scope === 'holder' ? [key] : [],
      );
      if (!isHolderSuspended(settled)) return [];
      assertNotBlocked(command.verdict);
      return [
        ...due,
        ...(settled.holderSuspended ? [holderReinstated(command.reason)] : []),
        ...keys.map((key) => liftHolderSuspension(key, command.reason)),
      ];
    }
    case 'revoke': {
      const key = keyOf(state, command.keyId);
      if (!isLive(key)) return [];
      return [
        {
          type: 'KeyRevoked',
          data: {
            keyId: key.keyId,
            reason: command.reason,
            note: command.note,
            replacedBy: null,
          },
        },
        ...endOpenSharesOf(state, key.keyId, 'keyRevoked'),
      ];
    }
    case 'expire': {
      const due = expireDue(state, command.at);
      const settled = due.reduce(evolve, state);
      return [
        ...due,
        ...[...settled.shares.values()]
          .filter((share) => share.status === 'open' && share.expiresAt <= command.at)
          .map((share) => ended(share, 'expired')),
      ];
    }
  }
}

function evolve(state: KeyRing, event: KeyRingEvent): KeyRing {
  switch (event.type) {
    case 'KeyIssued':
      return withKey(state, { ...factsOf({ ...event.data, version: 1 }), status: 'active' });
    case 'KeyRelabeled':
      return changed(state, event.data.keyId, (key) => ({ ...key, label: event.data.to }));
    case 'KeySuspended': {
      const { scope, cause } = event.data;
      return changed(state, event.data.keyId, (key) => {
        const own = key.status === 'suspended' ? (key.ownCause ?? key.cause) : null;
        return {
          ...factsOf(key),
          status: 'suspended',
          scope,
          cause,
          ownCause: scope === 'holder' ? own : null,
        };
      });
    }
    case 'KeyReinstated':
      return changed(state, event.data.keyId, (key) => ({ ...factsOf(key), status: 'active' }));
    case 'HolderSuspended':
      return { ...state, holderSuspended: true };
    case 'HolderReinstated':
      return { ...state, holderSuspended: false };
    case 'KeyRevoked': {
      const { reason, replacedBy } = event.data;
      return changed(state, event.data.keyId, (key) => ({
        ...factsOf(key),
        status: 'revoked',
        reason,
        replacedBy,
      }));
    }
    case 'KeyExpired':
      return changed(state, event.data.keyId, (key) => ({ ...factsOf(key), status: 'expired' }));
    case 'KeyShared': {
      const { shareId, keyId, recipient, bound, tokenHash, expiresAt } = event.data;
      return withShare(state, {
        shareId,
        keyId,
        recipient,
        bound,
        tokenHash,
        expiresAt,
        status: 'open',
        endReason: null,
      });
    }
    case 'ShareOpened': {
      const share = state.shares.get(event.data.shareId);
      return share ? withShare(state, { ...share, status: 'opened' }) : state;
    }
    case 'ShareEnded': {
      const share = state.shares.get(event.data.shareId);
      return share
        ? withShare(state, { ...share, status: 'ended', endReason: event.data.reason })
        : state;
    }
    case 'KeyRevealed':
      return state;
  }
}

function issued(
  portal: Portal,
  holder: Holder,
  key: NewKey,
  verdict: EligibilityVerdict | null,
  replaces: KeyId | null,
): KeyIssued {
  return {
    type: 'KeyIssued',
    data: {
      keyId: key.keyId,
      portal,
      holder,
      label: key.label,
      prefix: key.prefix,
      hint: key.hint,
      secret: key.secret,
      verdict,
      permissions: key.permissions,
      employeeId: key.employeeId,
      expiresAt: key.expiresAt,
      replaces,
    },
  };
}

function suspended(
  state: KeyRing,
  key: LiveKey,
  scope: SuspensionScope,
  cause: SuspensionCause,
): readonly KeyRingEvent[] {
  return [
    { type: 'KeySuspended', data: { keyId: key.keyId, scope, cause } },
    ...endOpenSharesOf(state, key.keyId, 'keySuspended'),
  ];
}

const holderSuspended = (cause: SuspensionCause): KeyRingEvent => ({
  type: 'HolderSuspended',
  data: { cause },
});

const holderReinstated = (reason: string): KeyRingEvent => ({
  type: 'HolderReinstated',
  data: { reason },
});

/** The last event says what holds: the key's own suspension is recorded, and the holder's lies upon it as before. */
function underHolderSuspension(
  { keyId, cause }: SuspendedKey,
  own: SuspensionCause,
): readonly KeyRingEvent[] {
  return [
    { type: 'KeySuspended', data: { keyId, scope: 'key', cause: own } },
    { type: 'KeySuspended', data: { keyId, scope: 'holder', cause } },
  ];
}

/** A key that was suspended by itself, before its holder was or since, goes back to that, and is active at no moment between. */
function liftHolderSuspension(key: SuspendedKey, reason: string): KeyRingEvent {
  return key.ownCause
    ? { type: 'KeySuspended', data: { keyId: key.keyId, scope: 'key', cause: key.ownCause } }
    : { type: 'KeyReinstated', data: { keyId: key.keyId, scope: 'holder', reason } };
}

function expireDue(state: KeyRing, at: IsoTime): readonly KeyRingEvent[] {
  return liveKeys(state).flatMap((key): readonly KeyRingEvent[] =>
    key.expiresAt !== null && key.expiresAt <= at
      ? [
          { type: 'KeyExpired', data: { keyId: key.keyId, expiresAt: key.expiresAt } },
          // A link that lapsed with its key is told as before, when only its time was looked at.
          ...openSharesOf(state, key.keyId).map((share) =>
            ended(share, share.expiresAt <= at ? 'expired' : 'keyExpired'),
          ),
        ]
      : [],
  );
}

const openSharesOf = ({ shares }: KeyRing, keyId: KeyId): readonly Share[] =>
  [...shares.values()].filter((share) => share.keyId === keyId && share.status === 'open');

function endOpenSharesOf(
  state: KeyRing,
  keyId: KeyId,
  reason: ShareEndReason,
): readonly ShareEnded[] {
  return openSharesOf(state, keyId).map((share) => ended(share, reason));
}

function ended(share: Share, reason: ShareEndReason): ShareEnded {
  return { type: 'ShareEnded', data: { shareId: share.shareId, keyId: share.keyId, reason } };
}

function assertHolderOfPortal(portal: Portal, holder: Holder): void {
  const expected = PORTAL_RULES[portal].holder;
  if (holder.type !== expected)
    refuse('keys/holder-not-of-portal', { portal, holderType: expected });
}

function assertIssuable(
  state: KeyRing,
  portal: Portal,
  key: NewKey,
  verdict: EligibilityVerdict | null,
  at: IsoTime,
): void {
  const rules = PORTAL_RULES[portal];
  if (rules.needsEligibility && verdict?.eligible !== true)
    refuse('keys/partner-not-eligible', { verdict });
  if (!rules.hasPermissions && (key.permissions.length > 0 || key.employeeId !== null))
    refuse('keys/permissions-not-allowed', { portal });
  if (isHolderSuspended(state)) refuse('keys/holder-suspended');
  if (key.expiresAt !== null && key.expiresAt <= at) refuse('keys/expiry-not-in-future');
}

function assertRoom(live: number, policy: RingPolicy): void {
  if (live >= policy.activeKeysMax)
    refuse('keys/active-keys-limit', { activeKeysMax: policy.activeKeysMax });
}

function assertNotBlocked(verdict: EligibilityVerdict | null): void {
  if (verdict && verdict.blockers.length > 0) refuse('keys/partner-not-eligible', { verdict });
}

function assertRecoverable(key: Key): void {
  if (key.secret.storage !== 'sealed') refuse('keys/secret-not-recoverable');
}

function liveKeyOf(state: KeyRing, keyId: KeyId, at: IsoTime): LiveKey {
  const key = keyOf(state, keyId);
  if (key.status === 'revoked') return refuse('keys/key-revoked');
  if (key.status === 'expired' || (key.expiresAt !== null && key.expiresAt <= at))
    return refuse('keys/key-expired');
  return key;
}

function activeKeyOf(state: KeyRing, keyId: KeyId, at: IsoTime): ActiveKey {
  const key = liveKeyOf(state, keyId, at);
  return key.status === 'active' ? key : refuse('keys/key-suspended');
}

function shareOf(state: KeyRing, shareId: ShareId): Share {
  return state.shares.get(shareId) ?? refuse('keys/share-not-found');
}

function isLive(key: Key): key is LiveKey {
  return key.status === 'active' || key.status === 'suspended';
}

function factsOf(key: KeyFacts): KeyFacts {
  return {
    keyId: key.keyId,
    portal: key.portal,
    holder: key.holder,
    label: key.label,
    prefix: key.prefix,
    hint: key.hint,
    secret: key.secret,
    permissions: key.permissions,
    employeeId: key.employeeId,
    expiresAt: key.expiresAt,
    replaces: key.replaces,
    version: key.version,
  };
}

function withKey(state: KeyRing, key: Key): KeyRing {
  return { ...state, keys: new Map(state.keys).set(key.keyId, key) };
}

function withShare(state: KeyRing, share: Share): KeyRing {
  return { ...state, shares: new Map(state.shares).set(share.shareId, share) };
}

/** For the events of `KEY_VERSION_EVENTS` only. */
function changed(state: KeyRing, keyId: KeyId, change: (key: Key) => Key): KeyRing {
  const key = state.keys.get(keyId);
  return key ? withKey(state, { ...change(key), version: key.version + 1 }) : state;
}

function refuse(code: KeysErrorCode, details?: Readonly<Record<string, unknown>>): never {
  throw new DomainError(code, details);
}
