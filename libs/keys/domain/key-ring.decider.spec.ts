import { describe, expect, it } from '@jest/globals';
import { fold, keyId, shareId } from '#kernel';
import type { KeyId } from '#kernel';
import { specificationOf } from '#kernel/testing';
import type { KeyRingCommand, NewKey, NewShare } from './key-ring.commands.js';
import { keyRingDecider, keyVersion, liveKeys } from './key-ring.decider.js';
import type { KeyRingEvent, SuspensionCause } from './key-ring.events.js';
import { KEY_VERSION_EVENTS } from './key-ring.events.js';
import type { EligibilityVerdict } from './verdict.value.js';

const AT = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-02T00:00:00.000Z';
const MUCH_LATER = '2026-02-01T00:00:00.000Z';
const [K1, K2, K3] = ['1', '2', '3'].map((n) =>
  keyId(`00000000-0000-4000-8000-00000000000${n}`),
) as [KeyId, KeyId, KeyId];
const [S1, S2] = ['1', '2'].map((n) => shareId(`10000000-0000-4000-8000-00000000000${n}`)) as [
  ReturnType<typeof shareId>,
  ReturnType<typeof shareId>,
];
const ELIGIBLE: EligibilityVerdict = {
  eligible: true,
  blockers: [],
  score: 4,
  threshold: 4,
  traits: [],
};
const FLAGGED: EligibilityVerdict = {
  ...ELIGIBLE,
  eligible: false,
  blockers: [{ blocker: 'openFlags', flags: [{ flagId: 'f', kind: 'fraud' }] }],
};
const HOLDER = { type: 'partner', id: 7 } as const;
const NETWORK = { type: 'network', id: 1 } as const;
const POLICY = { activeKeysMax: 2 };
const MANUAL: SuspensionCause = { kind: 'manual', reason: 'a look at it', event: null };
const FLAG: SuspensionCause = {
  kind: 'flag',
  reason: 'fraud',
  event: { streamId: 'partner-1-7', revision: '3', eventId: 'e' },
};

const newKey = (id: KeyId, change: Partial<NewKey> = {}): NewKey => ({
  keyId: id,
  label: 'dashboard',
  prefix: 'kl',
  hint: 'wxyz',
  secret: { storage: 'sealed', pepperId: 'p', lookupHash: `hash of ${id}` },
  permissions: [],
  employeeId: null,
  expiresAt: null,
  ...change,
});
const HASHED = { storage: 'hashed', pepperId: 'p', lookupHash: 'h' } as const;

const issue = (id: KeyId, change: Partial<NewKey> = {}, at = AT): KeyRingCommand => ({
  type: 'issue',
  portal: 'affiliate',
  holder: HOLDER,
  key: newKey(id, change),
  policy: POLICY,
  verdict: ELIGIBLE,
  at,
});
const issued = (id: KeyId, change: Partial<NewKey> = {}, replaces: KeyId | null = null) =>
  ({
    type: 'KeyIssued',
    data: {
      portal: 'affiliate',
      holder: HOLDER,
      verdict: ELIGIBLE,
      replaces,
      ...newKey(id, change),
    },
  }) satisfies KeyRingEvent;
const networkKeyIssued = (id: KeyId) =>
  ({
    type: 'KeyIssued',
    data: {
      ...newKey(id, { secret: HASHED, employeeId: 9, permissions: ['reporting.read'] }),
      portal: 'network',
      holder: NETWORK,
      verdict: null,
      replaces: null,
    },
  }) satisfies KeyRingEvent;
const newShare = (id = S1, change: Partial<NewShare> = {}): NewShare => ({
  shareId: id,
  recipient: { type: 'holderUsers', reference: '7' },
  channel: 'email',
  reason: 'first key',
  bound: 'users',
  tokenHash: 't',
  pepperId: 'p',
  expiresAt: LATER,
  ...change,
});
const share = (id: KeyId, shared = newShare(), at = AT): KeyRingCommand => ({
  type: 'share',
  keyId: id,
  share: shared,
  shareTtlSecondsMax: 86_400,
  at,
});
const shared = (id: KeyId, of = S1, change: Partial<NewShare> = {}) =>
  ({ type: 'KeyShared', data: { ...newShare(of, change), keyId: id } }) satisfies KeyRingEvent;
const shareEnded = (id: KeyId, of: typeof S1, reason: string) =>
  ({ type: 'ShareEnded', data: { shareId: of, keyId: id, reason } }) as KeyRingEvent;
const revoked = (id: KeyId, replacedBy: KeyId | null = null) =>
  ({
    type: 'KeyRevoked',
    data: { keyId: id, reason: 'leaked', note: null, replacedBy },
  }) satisfies KeyRingEvent;
const suspended = (id: KeyId, scope: 'key' | 'holder' = 'key', cause = MANUAL) =>
  ({ type: 'KeySuspended', data: { keyId: id, scope, cause } }) satisfies KeyRingEvent;
const holderSuspended = (cause = FLAG) =>
  ({ type: 'HolderSuspended', data: { cause } }) satisfies KeyRingEvent;
const HOLDER_REINSTATED = {
  type: 'HolderReinstated',
  data: { reason: 'cleared' },
} satisfies KeyRingEvent;
const expired = (id: KeyId, expiresAt = LATER) =>
  ({ type: 'KeyExpired', data: { keyId: id, expiresAt } }) satisfies KeyRingEvent;
const reveal = (id: KeyId, at = AT): KeyRingCommand => ({
  type: 'reveal',
  keyId: id,
  purpose: 'resend',
  note: null,
  at,
});
const revoke = (id: KeyId): KeyRingCommand => ({
  type: 'revoke',
  keyId: id,
  reason: 'leaked',
  note: null,
});
const open = (of = S1, at = AT): KeyRingCommand => ({
  type: 'openShare',
  shareId: of,
  openedBy: { type: 'passphrase' },
  at,
});
const reissue = (old: KeyId, fresh: KeyId): KeyRingCommand => ({
  type: 'revokeAndReissue',
  keyId: old,
  reason: 'leaked',
  note: null,
  replacement: { ...newKey(fresh), label: null },
  policy: POLICY,
  verdict: ELIGIBLE,
  at: AT,
});
const relabel = (id: KeyId, label: string, at = AT): KeyRingCommand => ({
  type: 'relabel',
  keyId: id,
  label,
  at,
});
const suspend = (id: KeyId, cause = MANUAL, at = AT): KeyRingCommand => ({
  type: 'suspend',
  keyId: id,
  cause,
  at,
});
const suspendRing = (cause = FLAG, at = AT): KeyRingCommand => ({ type: 'suspendRing', cause, at });
const reinstate = (id: KeyId, verdict: EligibilityVerdict | null = ELIGIBLE): KeyRingCommand => ({
  type: 'reinstate',
  keyId: id,
  reason: 'cleared',
  verdict,
  at: AT,
});
const reinstateRing = (verdict: EligibilityVerdict | null = ELIGIBLE): KeyRingCommand => ({
  type: 'reinstateRing',
  reason: 'cleared',
  verdict,
  at: AT,
});

const given = specificationOf(keyRingDecider);

describe('issuing', () => {
  it('records the key with the verdict of its moment', () => {
    given().when(issue(K1)).then(issued(K1));
  });

  it('is refused without an eligible verdict, which is told', () => {
    given()
      .when({ ...issue(K1), verdict: FLAGGED } as KeyRingCommand)
      .thenRefused('keys/partner-not-eligible', { verdict: FLAGGED });
    given()
      .when({ ...issue(K1), verdict: null } as KeyRingCommand)
      .thenRefused('keys/partner-not-eligible', { verdict: null });
  });

  it('stops at the limit of active keys; suspended keys count, revoked and expired ones do not', () => {
    given(issued(K1), issued(K2))
      .when(issue(K3))
      .thenRefused('keys/active-keys-limit', { activeKeysMax: 2 });
    given(issued(K1), issued(K2), suspended(K2))
      .when(issue(K3))
      .thenRefused('keys/active-keys-limit');
    given(issued(K1), issued(K2), revoked(K2)).when(issue(K3)).then(issued(K3));
    given(issued(K1), issued(K2), expired(K2)).when(issue(K3)).then(issued(K3));
  });

  it('makes room by expiring what is due, in the same decision', () => {
    given(issued(K1), issued(K2, { expiresAt: LATER }), shared(K2))
      .when(issue(K3, {}, LATER))
      .then(expired(K2), shareEnded(K2, S1, 'expired'), issued(K3));
  });

  it('follows another limit of the policy', () => {
    given(issued(K1))
      .when({ ...issue(K2), policy: { activeKeysMax: 1 } } as KeyRingCommand)
      .thenRefused('keys/active-keys-limit', { activeKeysMax: 1 });
    given(issued(K1), issued(K2))
      .when({ ...issue(K3), policy: { activeKeysMax: 3 } } as KeyRingCommand)
      .then(issued(K3));
  });

  it('refuses a holder of another portal, permissions on a partner’s key, and an expiry in the past', () => {
    given()
      .when({ ...issue(K1), holder: NETWORK } as KeyRingCommand)
      .thenRefused('keys/holder-not-of-portal', { portal: 'affiliate', holderType: 'partner' });
    given()
      .when(issue(K1, { permissions: ['reporting.read'] }))
      .thenRefused('keys/permissions-not-allowed');
    given()
      .when(issue(K1, { expiresAt: AT }))
      .thenRefused('keys/expiry-not-in-future');
  });

  it('is refused while the holder is suspended', () => {
    given(issued(K1), suspended(K1, 'holder')).when(issue(K2)).thenRefused('keys/holder-suspended');
  });
});

describe('sharing', () => {
  it('ends the earlier open shares of the key', () => {
    given(issued(K1)).when(share(K1)).then(shared(K1));
    given(issued(K1), shared(K1))
      .when(share(K1, newShare(S2)))
      .then(shareEnded(K1, S1, 'reshared'), shared(K1, S2));
  });

  it('makes no link that outlives its key', () => {
    const soon = '2026-01-01T12:00:00.000Z';
    given(issued(K1, { expiresAt: soon }))
      .when(share(K1))
      .then(shared(K1, S1, { expiresAt: soon }));
    given(issued(K1, { expiresAt: MUCH_LATER }))
      .when(share(K1))
      .then(shared(K1));
  });

  it('leaves the shares of other keys open', () => {
    given(issued(K1), issued(K2), shared(K1))
      .when(share(K2, newShare(S2)))
      .then(shared(K2, S2));
  });

  it.each([
    ['unknown', [], 'keys/key-not-found'],
    ['revoked', [issued(K1), revoked(K1)], 'keys/key-revoked'],
    ['suspended', [issued(K1), suspended(K1)], 'keys/key-suspended'],
    ['expired', [issued(K1), expired(K1)], 'keys/key-expired'],
    ['past its expiry', [issued(K1, { expiresAt: AT })], 'keys/key-expired'],
    ['hashed', [networkKeyIssued(K1)], 'keys/secret-not-recoverable'],
  ] as const)('and revealing are refused for a key that is %s', (_, history, code) => {
    given(...history)
      .when(share(K1))
      .thenRefused(code);
    given(...history)
      .when(reveal(K1))
      .thenRefused(code);
  });

  it('has an expiry in the future and within the bound', () => {
    for (const expiresAt of [AT, '2026-01-02T00:00:00.001Z'])
      given(issued(K1))
        .when(share(K1, newShare(S1, { expiresAt })))
        .thenRefused('keys/share-expiry-out-of-bounds', { secondsMax: 86_400 });
  });

  it('is opened once', () => {
    const opened = {
      type: 'ShareOpened',
      data: { shareId: S1, keyId: K1, openedBy: { type: 'passphrase' } },
    } as const;
    given(issued(K1), shared(K1)).when(open()).then(opened);
    given(issued(K1), shared(K1), opened).when(open()).thenRefused('keys/share-already-opened');
  });

  it.each([
    ['unknown', [issued(K1)], AT, 'keys/share-not-found'],
    ['past its expiry', [issued(K1), shared(K1)], LATER, 'keys/share-expired'],
    [
      'withdrawn',
      [issued(K1), shared(K1), shareEnded(K1, S1, 'withdrawn')],
      AT,
      'keys/share-ended',
    ],
    ['expired', [issued(K1), shared(K1), shareEnded(K1, S1, 'expired')], AT, 'keys/share-expired'],
    ['of a revoked key', [issued(K1), shared(K1), revoked(K1)], AT, 'keys/key-revoked'],
    ['of a suspended key', [issued(K1), shared(K1), suspended(K1)], AT, 'keys/key-suspended'],
  ] as const)('is not opened when %s', (_, history, at, code) => {
    given(...history)
      .when(open(S1, at))
      .thenRefused(code);
  });

  it('ends by hand, and an ended or opened share stays what it is', () => {
    const end: KeyRingCommand = { type: 'endShare', shareId: S1, reason: 'withdrawn' };
    given(issued(K1), shared(K1))
      .when(end)
      .then(shareEnded(K1, S1, 'withdrawn'));
    given(issued(K1), shared(K1), shareEnded(K1, S1, 'reshared'))
      .when(end)
      .thenNothingHappened();
    given().when(end).thenRefused('keys/share-not-found');
  });

  it('ends with its recipient', () => {
    const recipient = { type: 'partnerUser', reference: 'https://idp#ana' } as const;
    given(issued(K1), issued(K2), shared(K1), shared(K2, S2, { recipient }))
      .when({ type: 'endSharesOf', recipient, reason: 'recipientRemoved' })
      .then(shareEnded(K2, S2, 'recipientRemoved'));
  });
});

describe('suspending', () => {
  it('ends the open shares of the key, and holds already for a suspended one', () => {
    given(issued(K1), shared(K1))
      .when(suspend(K1))
      .then(suspended(K1), shareEnded(K1, S1, 'keySuspended'));
    given(issued(K1), suspended(K1)).when(suspend(K1, FLAG)).thenNothingHappened();
  });

  it('a holder is one decision over all live keys', () => {
    given(issued(K1), issued(K2), issued(K3), revoked(K3), shared(K2))
      .when(suspendRing())
      .then(
        holderSuspended(),
        suspended(K1, 'holder', FLAG),
        suspended(K2, 'holder', FLAG),
        shareEnded(K2, S1, 'keySuspended'),
      );
    given(issued(K1), holderSuspended(), suspended(K1, 'holder'))
      .when(suspendRing())
      .thenNothingHappened();
  });

  it('a holder lasts until it is reinstated, whatever becomes of its keys', () => {
    const held = [issued(K1), holderSuspended(), suspended(K1, 'holder', FLAG), revoked(K1)];
    given(...held)
      .when(issue(K2))
      .thenRefused('keys/holder-suspended');
    given(...held)
      .when(reinstateRing(FLAGGED))
      .thenRefused('keys/partner-not-eligible');
    given(...held)
      .when(reinstateRing())
      .then(HOLDER_REINSTATED);
    given(...held, HOLDER_REINSTATED)
      .when(issue(K2))
      .then(issued(K2));
    given(...held, HOLDER_REINSTATED)
      .when(reinstateRing())
      .thenNothingHappened();
  });

  it('a holder without keys by hand keeps it from the first one; a blocker is the verdict’s to tell', () => {
    given().when(suspendRing(MANUAL)).then(holderSuspended(MANUAL));
    given(holderSuspended(MANUAL)).when(issue(K1)).thenRefused('keys/holder-suspended');
    given(holderSuspended(MANUAL)).when(suspendRing(MANUAL)).thenNothingHappened();
    given().when(suspendRing(FLAG)).thenNothingHappened();
    given(issued(K1), revoked(K1)).when(suspendRing(FLAG)).thenNothingHappened();
  });

  it('a holder is told by its keys in a log that is older than the event', () => {
    const older = [issued(K1), suspended(K1, 'holder', FLAG)];
    given(...older)
      .when(issue(K2))
      .thenRefused('keys/holder-suspended');
    given(...older)
      .when(suspendRing(MANUAL))
      .then(holderSuspended(MANUAL));
    given(...older)
      .when(reinstateRing())
      .then({ type: 'KeyReinstated', data: { keyId: K1, scope: 'holder', reason: 'cleared' } });
  });

  it('is lifted by a reinstatement, unless the partner is blocked', () => {
    given(issued(K1), suspended(K1))
      .when(reinstate(K1))
      .then({ type: 'KeyReinstated', data: { keyId: K1, scope: 'key', reason: 'cleared' } });
    given(issued(K1), suspended(K1))
      .when(reinstate(K1, FLAGGED))
      .thenRefused('keys/partner-not-eligible', { verdict: FLAGGED });
    given(issued(K1)).when(reinstate(K1)).thenNothingHappened();
    given(issued(K1), revoked(K1)).when(reinstate(K1)).thenRefused('keys/key-revoked');
  });

  it('of a holder is not lifted key by key', () => {
    given(issued(K1), suspended(K1, 'holder'))
      .when(reinstate(K1))
      .thenRefused('keys/holder-suspended');
  });

  it('a key by itself is recorded under its holder’s suspension too, once, and outlives that', () => {
    const held = [issued(K1), holderSuspended(), suspended(K1, 'holder', FLAG)];
    const both = [...held, suspended(K1), suspended(K1, 'holder', FLAG)];
    given(...held)
      .when(suspend(K1))
      .then(suspended(K1), suspended(K1, 'holder', FLAG));
    given(...both)
      .when(suspend(K1, FLAG))
      .thenNothingHappened();
    given(...both)
      .when(suspendRing(MANUAL))
      .thenNothingHappened();
    given(...both)
      .when(reinstate(K1))
      .thenRefused('keys/holder-suspended');
    given(...both)
      .when(reinstateRing())
      .then(HOLDER_REINSTATED, suspended(K1));
    given(...both, HOLDER_REINSTATED, suspended(K1))
      .when(reinstate(K1))
      .then({ type: 'KeyReinstated', data: { keyId: K1, scope: 'key', reason: 'cleared' } });
  });

  it('of a holder is lifted at once, and a key that was suspended by itself goes back to that', () => {
    given(
      issued(K1),
      issued(K2),
      suspended(K2),
      holderSuspended(),
      suspended(K1, 'holder'),
      suspended(K2, 'holder', FLAG),
    )
      .when(reinstateRing())
      .then(
        HOLDER_REINSTATED,
        { type: 'KeyReinstated', data: { keyId: K1, scope: 'holder', reason: 'cleared' } },
        suspended(K2, 'key', MANUAL),
      );
    given(issued(K1), suspended(K1)).when(reinstateRing()).thenNothingHappened();
    given(issued(K1), suspended(K1, 'holder'))
      .when(reinstateRing(FLAGGED))
      .thenRefused('keys/partner-not-eligible');
  });
});

describe('revoking', () => {
  it('ends the open shares of the key', () => {
    given(issued(K1), shared(K1))
      .when(revoke(K1))
      .then(revoked(K1), shareEnded(K1, S1, 'keyRevoked'));
  });

  it('a revoked key again changes nothing, an unknown one is refused', () => {
    given(issued(K1), revoked(K1)).when(revoke(K1)).thenNothingHappened();
    given(issued(K1), expired(K1)).when(revoke(K1)).thenNothingHappened();
    given().when(revoke(K1)).thenRefused('keys/key-not-found');
  });

  it('and reissuing are one decision, linked both ways', () => {
    given(issued(K1, { label: 'old label' }), issued(K2), shared(K1))
      .when(reissue(K1, K3))
      .then(
        revoked(K1, K3),
        shareEnded(K1, S1, 'keyRevoked'),
        issued(K3, { label: 'old label' }, K1),
      );
  });

  it('and reissuing change nothing when the fresh key may not be issued', () => {
    given(issued(K1), revoked(K1)).when(reissue(K1, K2)).thenRefused('keys/key-revoked');
    given(issued(K1), suspended(K1, 'holder'))
      .when(reissue(K1, K2))
      .thenRefused('keys/holder-suspended');
    given(issued(K1))
      .when({ ...reissue(K1, K2), verdict: FLAGGED } as KeyRingCommand)
      .thenRefused('keys/partner-not-eligible');
    given(issued(K1), issued(K2), issued(K3))
      .when(reissue(K1, keyId('00000000-0000-4000-8000-000000000004')))
      .thenRefused('keys/active-keys-limit');
  });
});

describe('relabelling, revealing, expiring', () => {
  it('records both labels', () => {
    given(issued(K1))
      .when(relabel(K1, 'sheet'))
      .then({ type: 'KeyRelabeled', data: { keyId: K1, from: 'dashboard', to: 'sheet' } });
    given(issued(K1)).when(relabel(K1, 'dashboard')).thenNothingHappened();
    given(issued(K1), revoked(K1)).when(relabel(K1, 'x')).thenRefused('keys/key-revoked');
  });

  it('records each reveal', () => {
    given(issued(K1))
      .when(reveal(K1))
      .then({ type: 'KeyRevealed', data: { keyId: K1, purpose: 'resend', note: null } });
  });

  it('ends keys and shares that are past their time, and no others', () => {
    given(issued(K1, { expiresAt: LATER }), issued(K2), shared(K1), shared(K2, S2))
      .when({ type: 'expire', at: LATER })
      .then(expired(K1), shareEnded(K1, S1, 'expired'), shareEnded(K2, S2, 'expired'));
    given(issued(K1, { expiresAt: MUCH_LATER }), shared(K1))
      .when({ type: 'expire', at: AT })
      .thenNothingHappened();
  });

  it('says of a link that lapsed with its key what was told from that moment on: expired', () => {
    given(issued(K1, { expiresAt: LATER }), shared(K1, S1, { expiresAt: LATER }))
      .when({ type: 'expire', at: LATER })
      .then(expired(K1), shareEnded(K1, S1, 'expired'));
    given(issued(K1, { expiresAt: LATER }), shared(K1, S1, { expiresAt: MUCH_LATER }))
      .when({ type: 'expire', at: LATER })
      .then(expired(K1), shareEnded(K1, S1, 'keyExpired'));
  });
});

describe('a key that is past its expiry, and not yet swept', () => {
  const overdue = issued(K1, { expiresAt: AT });

  it.each([
    ['relabelled', relabel(K1, 'sheet')],
    ['relabelled to its own label', relabel(K1, 'dashboard')],
    ['suspended', suspend(K1)],
    ['reinstated', reinstate(K1)],
    ['reissued', reissue(K1, K2)],
    ['shared', share(K1)],
    ['revealed', reveal(K1)],
  ])('is not %s', (_, command) => {
    for (const history of [[overdue], [overdue, suspended(K1)], [overdue, suspended(K1, 'holder')]])
      given(...history)
        .when(command)
        .thenRefused('keys/key-expired');
    given(overdue, expired(K1, AT)).when(command).thenRefused('keys/key-expired');
  });

  it('expires with the suspension of its holder', () => {
    given(overdue, shared(K1), issued(K2))
      .when(suspendRing())
      .then(
        expired(K1, AT),
        shareEnded(K1, S1, 'keyExpired'),
        holderSuspended(),
        suspended(K2, 'holder', FLAG),
      );
  });

  it('is still revoked, for the reason that is given', () => {
    given(overdue).when(revoke(K1)).then(revoked(K1));
  });
});

describe('the version of a key', () => {
  it('counts what changes the key, and nothing of its shares and reveals', () => {
    const history: KeyRingEvent[] = [
      issued(K1),
      issued(K2),
      shared(K1),
      { type: 'KeyRevealed', data: { keyId: K1, purpose: 'resend', note: null } },
      suspended(K1),
      revoked(K1),
    ];
    const state = fold(keyRingDecider, history);
    expect(keyVersion(state, K1)).toBe(3);
    expect(keyVersion(state, K2)).toBe(1);
    expect(keyVersion(state, K3)).toBe(0);
    expect(liveKeys(state).map((key) => key.keyId)).toEqual([K2]);
    const counted = history.filter(
      (event) =>
        'keyId' in event.data &&
        event.data.keyId === K1 &&
        (KEY_VERSION_EVENTS as readonly string[]).includes(event.type),
    );
    expect(counted).toHaveLength(3);
  });
});
