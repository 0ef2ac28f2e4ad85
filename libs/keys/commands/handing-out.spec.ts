import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, keyId, partnerId, shareId } from '#kernel';
import type { KeyId } from '#kernel';
import type { KeyShared } from '../domain/key-ring.events.js';
import { userReference } from '../domain/key-ring.events.js';
import { keyRingStream } from '../domain/portal.value.js';
import { SHARE_TOKEN_PURPOSE } from '../ports/share-store.port.js';
import type { KeysLedger } from '../testing/index.js';
import {
  affiliateRing,
  ANA,
  employee,
  keysLedger,
  NETWORK,
  networkRing,
  OTHER_NETWORK,
  PARTNER,
  partnerUser,
  SUPER_USER,
  told,
} from '../testing/index.js';
import { RING_BUDGET } from './key-ring-decisions.js';
import { EndShare } from './end-share/end-share.command.js';
import { IssueKey } from './issue-key/issue-key.command.js';
import { ReinstateKey } from './reinstate-key/reinstate-key.command.js';
import { ReinstateKeyRing } from './reinstate-key-ring/reinstate-key-ring.command.js';
import { RelabelKey } from './relabel-key/relabel-key.command.js';
import { RevealKey } from './reveal-key/reveal-key.command.js';
import { RevealOwnKey } from './reveal-own-key/reveal-own-key.command.js';
import { RevokeKey } from './revoke-key/revoke-key.command.js';
import { ShareKey } from './share-key/share-key.command.js';
import { SuspendKey } from './suspend-key/suspend-key.command.js';
import { SuspendKeyRing } from './suspend-key-ring/suspend-key-ring.command.js';

const RING = affiliateRing();

let ledger: KeysLedger;
let key: { readonly keyId: KeyId; readonly secret: string };
beforeEach(async () => {
  ledger = keysLedger();
  await ledger.network(NETWORK);
  await ledger.network(OTHER_NETWORK);
  await ledger.eligiblePartner(NETWORK, PARTNER);
  key = await issue();
});

async function issue(ring = RING) {
  const { value } = await ledger.handlers.issue.execute(
    new IssueKey(SUPER_USER, ledger.context(), {
      portal: ring.portal,
      holder: ring.holder,
      label: 'Dashboard',
    }),
  );
  return { keyId: keyId(value.keyId), secret: told(value.key) };
}

async function refused(work: Promise<unknown>): Promise<DomainError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof DomainError) return error;
  throw error instanceof Error ? error : new Error('it was not refused');
}

const reveal = (of: KeyId, principal = SUPER_USER, context = ledger.context()) =>
  ledger.handlers.reveal.execute(
    new RevealKey(principal, context, { keyId: of, purpose: 'resend', note: 'lost' }),
  );
const revealOwn = (of: KeyId, principal = partnerUser()) =>
  ledger.handlers.revealOwn.execute(new RevealOwnKey(principal, ledger.context(), { keyId: of }));
const revoke = (of: KeyId, change: Partial<RevokeKey['input']> = {}, principal = SUPER_USER) =>
  ledger.handlers.revoke.execute(
    new RevokeKey(principal, ledger.context(), { keyId: of, reason: 'leaked', ...change }),
  );
const suspend = (of: KeyId) =>
  ledger.handlers.suspend.execute(
    new SuspendKey(SUPER_USER, ledger.context(), { keyId: of, reason: 'a look at it' }),
  );
const share = (
  change: Partial<ShareKey['input']> = {},
  { principal = SUPER_USER, context = ledger.context() } = {},
) =>
  ledger.handlers.share.execute(
    new ShareKey(principal, context, {
      keyId: key.keyId,
      recipient: { type: 'holderUsers', reference: 'whatever' },
      channel: 'email',
      reason: 'first hand-over',
      bound: 'users',
      ...change,
    }),
  );
const recordOf = async (token: string) => {
  const { peppers } = ledger.sealing;
  return ledger.shares.findByToken(
    await peppers.hash(await peppers.current(), SHARE_TOKEN_PURPOSE, token),
  );
};

describe('revealing', () => {
  it('shows the secret after the log says so', async () => {
    expect((await reveal(key.keyId)).value).toEqual({
      keyId: key.keyId,
      key: key.secret,
      secretWithheld: null,
    });
    const [event] = (await ledger.events(keyRingStream(RING))).slice(-1);
    expect(event).toMatchObject({
      type: 'KeyRevealed',
      data: { keyId: key.keyId, purpose: 'resend', note: 'lost' },
    });
  });

  it('shows nothing that the log does not record: a death before the append shows nothing', async () => {
    ledger.store.dies = 'before the append';
    await expect(reveal(key.keyId)).rejects.toThrow('killed');
    expect(await ledger.story(RING)).toEqual(['KeyIssued']);
  });

  it('again under the same command is one event and the same answer', async () => {
    const context = ledger.context();
    ledger.store.dies = 'after the append';
    await expect(reveal(key.keyId, SUPER_USER, context)).rejects.toThrow('killed');
    ledger.store.dies = 'never';
    expect((await reveal(key.keyId, SUPER_USER, context)).value.key).toBe(key.secret);
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyRevealed']);
    await suspend(key.keyId);
    const again = () => reveal(key.keyId, SUPER_USER, context);
    const rest = { keyId: key.keyId, key: null };
    expect((await again()).value).toEqual({ ...rest, secretWithheld: 'keySuspended' });
    await revoke(key.keyId);
    expect((await again()).value).toEqual({ ...rest, secretWithheld: 'secretDestroyed' });
  });

  it('is a permission of its own', async () => {
    const manager = employee({ permissions: ['partner.api_keys.manage'] });
    expect((await refused(reveal(key.keyId, manager))).code).toBe('access/forbidden');
    await reveal(key.keyId, employee({ permissions: ['partner.api_keys.reveal'] }));
  });

  it('is refused for a hashed, a suspended and a revoked key, and leaves no event', async () => {
    const hashed = await issue(networkRing());
    expect((await refused(reveal(hashed.keyId))).code).toBe('keys/secret-not-recoverable');
    await suspend(key.keyId);
    expect((await refused(reveal(key.keyId))).code).toBe('keys/key-suspended');
    await revoke(key.keyId);
    expect((await refused(reveal(key.keyId))).code).toBe('keys/key-revoked');
    expect(await ledger.story(RING)).not.toContain('KeyRevealed');
  });

  it('and everything else answers another network as if there were no such key, byte for byte', async () => {
    const principal = employee({ network: OTHER_NETWORK, superUser: true });
    const context = () => ledger.context({ networkId: OTHER_NETWORK });
    const acts: ((id: KeyId) => Promise<unknown>)[] = [
      (id) => reveal(id, principal, context()),
      (id) => revoke(id, {}, principal),
      (id) => share({ keyId: id }, { principal, context: context() }),
      (id) =>
        ledger.handlers.relabel.execute(
          new RelabelKey(principal, context(), { keyId: id, label: 'x' }),
        ),
      (id) =>
        ledger.handlers.suspend.execute(
          new SuspendKey(principal, context(), { keyId: id, reason: 'x' }),
        ),
    ];
    for (const act of acts) {
      const [theirs, missing] = [
        await refused(act(key.keyId)),
        await refused(act(keyId(randomUUID()))),
      ];
      expect(theirs.code).toBe('keys/key-not-found');
      expect(JSON.stringify([theirs.code, theirs.details])).toBe(
        JSON.stringify([missing.code, missing.details]),
      );
    }
  });

  it('of one’s own key is a partner user’s, and of nobody else’s', async () => {
    expect((await revealOwn(key.keyId)).value.key).toBe(key.secret);
    const [event] = (await ledger.events(keyRingStream(RING))).slice(-1);
    expect(event?.data).toMatchObject({ purpose: 'ownAccount' });
    await ledger.eligiblePartner(NETWORK, partnerId(8));
    const other = await issue(affiliateRing(NETWORK, partnerId(8)));
    const network = await issue(networkRing());
    for (const id of [other.keyId, network.keyId, keyId(randomUUID())])
      expect(await refused(revealOwn(id))).toEqual(new DomainError('keys/key-not-found'));
    expect((await refused(revealOwn(key.keyId, SUPER_USER))).code).toBe('access/forbidden');
  });

  it('again and again uses up what one caller may have a ring record, never what stops a key', async () => {
    let last: DomainError | undefined;
    for (let times = 0; times <= 2 * RING_BUDGET.burst && !last; times += 1)
      await reveal(key.keyId).catch((error: unknown) => (last = error as DomainError));
    expect(last).toMatchObject({
      code: 'access/too-many-requests',
      details: { budget: 'holder', retryAfterSeconds: 30 },
    });
    const story = await ledger.story(RING);
    expect(story.length).toBeLessThanOrEqual(2 * RING_BUDGET.burst);
    const colleague = employee({ superUser: true });
    const theirs = await reveal(key.keyId, colleague, ledger.context({ actor: colleague.actor }));
    expect(theirs.value.key).toBe(key.secret);
    const other = await issue(networkRing());
    expect((await refused(reveal(other.keyId))).code).toBe('keys/secret-not-recoverable');
    await suspend(key.keyId);
    await revoke(key.keyId);
    expect((await ledger.story(RING)).slice(-2)).toEqual(['KeySuspended', 'KeyRevoked']);
  });

  it('sharing and issuing need the wrapping key, revoking and suspending do not', async () => {
    ledger.sealing.sealingKeys.missing = true;
    for (const work of [reveal(key.keyId), share(), share({ bound: 'passphrase' }), issue()])
      expect(await refused(work)).toMatchObject({
        code: 'keys/wrapping-key-missing',
        cause: { message: 'taken away' },
      });
    await suspend(key.keyId);
    await revoke(key.keyId);
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeySuspended', 'KeyRevoked']);
  });
});

describe('sharing', () => {
  it('makes a link with the token in its fragment; the log and the store hold hashes only', async () => {
    const { value } = await share({ bound: 'passphrase' });
    expect(value.link).toBe(`https://ledger.test/v1/share#${told(value.token)}`);
    expect(Buffer.from(told(value.token), 'base64url')).toHaveLength(32);
    expect(value.expiresAt).toBe('2026-01-02T00:00:00.000Z');
    const record = await recordOf(told(value.token));
    expect(record).toMatchObject({ shareId: value.shareId, keyId: key.keyId, bound: 'passphrase' });
    const { passphrase } = value;
    if (passphrase === null || !record) throw new Error('no passphrase');
    expect(await ledger.passphrases.verify(passphrase, record.passphraseHash ?? '')).toBe(true);
    const log: string[] = [];
    for await (const { data, metadata } of ledger.store.readAll()) log.push(data, metadata);
    for (const secret of [value.token, passphrase]) expect(log.join()).not.toContain(secret);
  });

  it('again is a new link to the same key, and ends the earlier one', async () => {
    const first = (await share()).value;
    const second = (await share()).value;
    expect(second.token).not.toBe(first.token);
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyShared', 'ShareEnded', 'KeyShared']);
  });

  it('under the same command is one link, which a retry is not told again', async () => {
    const context = ledger.context();
    ledger.store.dies = 'after the append';
    await expect(share({}, { context })).rejects.toThrow('killed');
    ledger.store.dies = 'never';
    const { value } = await share({}, { context });
    expect(value).toMatchObject({
      link: null,
      token: null,
      passphrase: null,
      secretWithheld: 'inFirstAnswerOnly',
    });
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyShared']);
    const [event] = (await ledger.events(keyRingStream(RING))).slice(-1);
    expect((event?.data as KeyShared['data']).shareId).toBe(value.shareId);
  });

  it('twice at the same time under one command hands out the one link that opens', async () => {
    const context = ledger.context();
    ledger.store.beforeNextAppend = async () => {
      await share({}, { context });
    };
    expect((await share({}, { context })).value).toMatchObject({ link: null, token: null });
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyShared']);
  });

  it('whose process died before the append hands out only the link that the log names', async () => {
    const context = ledger.context();
    ledger.store.dies = 'before the append';
    await expect(share({}, { context })).rejects.toThrow('killed');
    ledger.store.dies = 'never';
    const { value } = await share({}, { context });
    const [event] = (await ledger.events(keyRingStream(RING))).slice(-1);
    expect((event?.data as KeyShared['data']).tokenHash).toBe(
      (await recordOf(told(value.token)))?.tokenHash,
    );
  });

  it('by passphrase, which lets the sharer in too, is for who may reveal; to users, for who manages', async () => {
    const manager = employee({ permissions: ['partner.api_keys.manage'] });
    const both = employee({ permissions: ['partner.api_keys.manage', 'partner.api_keys.reveal'] });
    const contact = {
      recipient: { type: 'contact', reference: 'crm-1' },
      bound: 'passphrase',
    } as const;
    for (const change of [contact, { bound: 'passphrase' } as const]) {
      const { code, details } = await refused(share(change, { principal: manager }));
      expect([code, details]).toEqual([
        'access/forbidden',
        { required: 'partner.api_keys.reveal' },
      ]);
    }
    expect(await ledger.story(RING)).not.toContain('KeyShared');
    const { passphrase } = (await share({ bound: 'users' }, { principal: manager })).value;
    expect(passphrase).toBeNull();
    expect((await share(contact, { principal: both })).value.passphrase).not.toBeNull();
    const revealer = employee({ permissions: ['partner.api_keys.reveal'] });
    expect((await refused(share(contact, { principal: revealer }))).code).toBe('access/forbidden');
  });

  it.each(['e\u0301va', ' eva', 'x'.repeat(255)])(
    'names a user as it was linked, whatever its name: %j',
    async (subject) => {
      const issuer = `https://idp.test/${'i'.repeat(400)}`;
      await ledger.partnerEvent(NETWORK, PARTNER, {
        type: 'PartnerUserLinked',
        data: { issuer, subject },
      });
      const recipient = { type: 'partnerUser', reference: userReference(issuer, subject) } as const;
      await share({ recipient });
      expect((await ledger.story(RING)).at(-1)).toBe('KeyShared');
    },
  );

  it('to users needs users: the holder’s, or the one that is named', async () => {
    const reference = userReference(ANA.issuer, ANA.subject);
    const { value } = await share({ recipient: { type: 'partnerUser', reference } });
    expect(value.passphrase).toBeNull();
    for (const change of [
      { recipient: { type: 'partnerUser', reference: 'https://idp.test#bob' } },
      { recipient: { type: 'contact', reference: 'crm-17' } },
    ] as const)
      expect((await refused(share(change))).code).toBe('keys/share-recipient-unknown');
    await share({ recipient: { type: 'contact', reference: 'crm-17' }, bound: 'passphrase' });
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserUnlinked', data: ANA });
    expect((await refused(share())).code).toBe('keys/share-recipient-unknown');
  });

  it('to a contact names a record, never an address', async () => {
    for (const reference of ['ana@partner.test', 'ana\uFF20partner.test'])
      expect(
        await refused(share({ recipient: { type: 'contact', reference }, bound: 'passphrase' })),
      ).toMatchObject({
        code: 'request/text-not-allowed',
        details: { reason: 'personal-data', field: '/recipient/reference' },
      });
  });

  it('lasts as long as asked, within the policy', async () => {
    const { value } = await share({ ttlSeconds: 60 });
    expect(value.expiresAt).toBe('2026-01-01T00:01:00.000Z');
    for (const ttlSeconds of [0, -5, 7 * 86_400 + 1])
      expect((await refused(share({ ttlSeconds }))).code).toBe('keys/share-expiry-out-of-bounds');
  });

  it('is refused for hashed, suspended and revoked keys', async () => {
    const hashed = await issue(networkRing());
    expect((await refused(share({ keyId: hashed.keyId }))).code).toBe(
      'keys/secret-not-recoverable',
    );
    await suspend(key.keyId);
    expect((await refused(share())).code).toBe('keys/key-suspended');
    await revoke(key.keyId);
    expect((await refused(share())).code).toBe('keys/key-revoked');
  });

  it('ends by hand: twice is once, and another network’s is not found', async () => {
    const { value } = await share({ bound: 'passphrase' });
    const end = (principal = SUPER_USER, id = value.shareId) =>
      ledger.handlers.endShare.execute(
        new EndShare(principal, ledger.context(), { shareId: shareId(id) }),
      );
    const stranger = employee({ network: OTHER_NETWORK, superUser: true });
    expect(await refused(end(stranger))).toEqual(await refused(end(SUPER_USER, randomUUID())));
    expect((await end()).value).toMatchObject({ status: 'ended' });
    await end();
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyShared', 'ShareEnded']);
    expect((await recordOf(told(value.token)))?.passphraseHash).toBeNull();
  });
});

describe('revoking and suspending', () => {
  it('twice at the same time is one event', async () => {
    const both = await Promise.all([revoke(key.keyId), revoke(key.keyId)]);
    expect(both.map(({ value }) => value.status)).toEqual(['revoked', 'revoked']);
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyRevoked']);
  });

  it('destroys the secret, and ends the open link', async () => {
    const { value } = await share({ bound: 'passphrase' });
    await revoke(key.keyId);
    const { secret } = await ledger.issued(RING, key.keyId);
    await expect(ledger.vault.open({ ...RING, ...key }, secret)).rejects.toMatchObject({
      code: 'keys/secret-destroyed',
    });
    expect((await recordOf(told(value.token)))?.passphraseHash).toBeNull();
    expect((await ledger.story(RING)).slice(-2)).toEqual(['KeyRevoked', 'ShareEnded']);
  });

  it('looks at the version of its own key, and not at the others of the ring', async () => {
    const other = await issue();
    await ledger.handlers.relabel.execute(
      new RelabelKey(SUPER_USER, ledger.context(), { keyId: other.keyId, label: 'x', ifMatch: 1 }),
    );
    const stale = new RelabelKey(SUPER_USER, ledger.context(), {
      keyId: other.keyId,
      label: 'y',
      ifMatch: 1,
    });
    expect((await refused(ledger.handlers.relabel.execute(stale))).code).toBe(
      'request/precondition-failed',
    );
    const { value } = await revoke(key.keyId, { ifMatch: 1 });
    expect(value.version).toBe(2);
  });

  it('a holder is one append over all keys, and so is the way back', async () => {
    const other = await issue();
    const input = { portal: 'affiliate', holder: RING.holder, reason: 'review' } as const;
    const before = (await ledger.events(keyRingStream(RING))).length;
    const { value } = await ledger.handlers.suspendRing.execute(
      new SuspendKeyRing(SUPER_USER, ledger.context(), input),
    );
    expect(value.keys.map(({ status }) => status)).toEqual(['suspended', 'suspended']);
    const events = (await ledger.events(keyRingStream(RING))).slice(before);
    expect(new Set(events.map(({ metadata }) => metadata.commandId)).size).toBe(1);
    expect((await refused(issue())).code).toBe('keys/holder-suspended');
    const alone = new ReinstateKey(SUPER_USER, ledger.context(), {
      keyId: other.keyId,
      reason: 'fine',
    });
    expect((await refused(ledger.handlers.reinstate.execute(alone))).code).toBe(
      'keys/holder-suspended',
    );
    const back = await ledger.handlers.reinstateRing.execute(
      new ReinstateKeyRing(SUPER_USER, ledger.context(), input),
    );
    expect(back.value.keys.map(({ status }) => status)).toEqual(['active', 'active']);
  });

  it('is not lifted while the partner has an open flag', async () => {
    await suspend(key.keyId);
    await ledger.partnerEvent(NETWORK, PARTNER, {
      type: 'FlagOpened',
      data: { flagId: 'f', kind: 'quality', reason: 'odd' },
    });
    const back = new ReinstateKey(SUPER_USER, ledger.context(), {
      keyId: key.keyId,
      reason: 'fine',
    });
    expect((await refused(ledger.handlers.reinstate.execute(back))).code).toBe(
      'keys/partner-not-eligible',
    );
  });
});
