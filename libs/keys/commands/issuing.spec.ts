import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, employeeId, keyId, parseKey, partnerId } from '#kernel';
import { keyRingStream } from '../domain/portal.value.js';
import { CANDIDATE_GRACE_MS } from '../ports/key-vault.port.js';
import type { KeysLedger } from '../testing/index.js';
import {
  affiliateRing,
  employee,
  keysLedger,
  MANAGER,
  NETWORK,
  networkRing,
  OTHER_NETWORK,
  PARTNER,
  partnerUser,
  SUPER_USER,
  told,
} from '../testing/index.js';
import { IssueKey } from './issue-key/issue-key.command.js';
import { RETRY_SHOWS_SECRET_MS } from './new-keys.js';
import { ReissueKey } from './reissue-key/reissue-key.command.js';
import { RevokeKey } from './revoke-key/revoke-key.command.js';
import { SuspendKey } from './suspend-key/suspend-key.command.js';

const RING = affiliateRing();
const HOLDER = RING.holder;
const NETWORK_HOLDER = networkRing().holder;

describe('issuing a key', () => {
  let ledger: KeysLedger;
  beforeEach(async () => {
    ledger = keysLedger();
    await ledger.network(NETWORK);
    await ledger.eligiblePartner(NETWORK, PARTNER);
  });

  const issue = (
    change: Partial<IssueKey['input']> = {},
    { principal = SUPER_USER, context = ledger.context() } = {},
  ) =>
    ledger.handlers.issue.execute(
      new IssueKey(principal, context, {
        portal: 'affiliate',
        holder: HOLDER,
        label: 'Dashboard',
        ...change,
      }),
    );
  const issueNetworkKey = (context = ledger.context()) =>
    issue({ portal: 'network', holder: NETWORK_HOLDER, permissions: ['b', 'a', 'a'] }, { context });
  const refused = async (work: Promise<unknown>): Promise<DomainError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof DomainError) return error;
    throw error instanceof Error ? error : new Error('it was not refused');
  };
  const candidates = async () => {
    const later = new Date(ledger.clock.now().getTime() + 1);
    return ledger.secrets.unconfirmed(later, 100);
  };

  it('shows a secret of the network’s format that the log names by its keyed hash', async () => {
    const { value, position } = await issue();
    expect(parseKey(told(value.key))).toMatchObject({ prefix: 'kl', portalCode: 'aff' });
    expect(value).toMatchObject({
      status: 'active',
      version: 1,
      label: 'Dashboard',
      holder: HOLDER,
    });
    expect(value.masked).toBe(`kl_aff_…${told(value.key).slice(-4)}`);
    const event = await ledger.issued(RING, keyId(value.keyId));
    expect(event.secret.lookupHash).toBe(await ledger.lookupHash(told(value.key)));
    expect(event.verdict).toMatchObject({ eligible: true, blockers: [] });
    expect((await ledger.events()).at(-1)?.position).toBe(position);
    expect(await ledger.vault.open({ ...RING, keyId: keyId(value.keyId) }, event.secret)).toBe(
      value.key,
    );
  });

  it('writes the secret into no event, in no encoding', async () => {
    const { value } = await issue();
    const network = await issueNetworkKey();
    const log: string[] = [];
    for await (const { data, metadata } of ledger.store.readAll()) log.push(data, metadata);
    const text = log.join('\n');
    for (const key of [value, network.value].map((one) => told(one.key)))
      for (const part of [key, key.slice(0, -7), key.slice(7, 43)])
        for (const written of [
          part,
          encodeURIComponent(part),
          Buffer.from(part).toString('hex'),
          Buffer.from(part).toString('base64').slice(0, -4),
        ])
          expect(text).not.toContain(written);
  });

  it('gives a network key permissions, the employee who uses it, and a hash only', async () => {
    const { value } = await issueNetworkKey();
    const event = await ledger.issued(networkRing(), keyId(value.keyId));
    expect(event).toMatchObject({
      permissions: ['a', 'b'],
      employeeId: MANAGER,
      secret: { storage: 'hashed' },
      verdict: null,
    });
    await expect(
      ledger.vault.open({ ...networkRing(), keyId: keyId(value.keyId) }, event.secret),
    ).rejects.toMatchObject({ code: 'keys/secret-not-recoverable' });
  });

  it('names for a network key an employee of this network only', async () => {
    await ledger.admitted(NETWORK, employeeId(9));
    const change = { portal: 'network', holder: NETWORK_HOLDER } as const;
    const { value } = await issue({ ...change, employeeId: 9 });
    expect(await ledger.issued(networkRing(), keyId(value.keyId))).toMatchObject({ employeeId: 9 });
    expect((await refused(issue({ ...change, employeeId: 10 }))).code).toBe(
      'keys/employee-not-found',
    );
  });

  it('keeps the expiry in UTC, and refuses one that is over or is no time', async () => {
    const { value } = await issue({ expiresAt: '2027-01-01T02:00:00+02:00' });
    expect(value.expiresAt).toBe('2027-01-01T00:00:00.000Z');
    for (const expiresAt of ['2020-01-01', 'soon', '2026-01-01T00:00:00.000Z'])
      expect((await refused(issue({ expiresAt }))).code).toBe('keys/expiry-not-in-future');
  });

  it('is refused for an ineligible partner with the verdict, and nothing is kept or stored', async () => {
    await ledger.partnerEvent(NETWORK, PARTNER, {
      type: 'FlagOpened',
      data: { flagId: 'f', kind: 'fraud', reason: 'odd clicks' },
    });
    const { code, details } = await refused(issue());
    expect(code).toBe('keys/partner-not-eligible');
    expect(details).toMatchObject({
      verdict: { eligible: false, blockers: [{ blocker: 'openFlags' }] },
    });
    expect(await ledger.story(RING)).toEqual([]);
    expect(await candidates()).toEqual([]);
  });

  it.each([
    ['an unknown partner', { holder: { type: 'partner', id: 8 } }, 'keys/holder-not-found'],
    [
      'another network',
      { portal: 'network', holder: { type: 'network', id: 2 } },
      'keys/holder-not-found',
    ],
    ['a holder of another portal', { portal: 'network' }, 'keys/holder-not-of-portal'],
  ] as const)('is refused for %s', async (_, change, code) => {
    expect((await refused(issue(change))).code).toBe(code);
    expect(await candidates()).toEqual([]);
  });

  it('of a partner with the same id in another network is not this partner’s', async () => {
    await ledger.network(OTHER_NETWORK);
    const stranger = employee({ network: OTHER_NETWORK, superUser: true });
    const context = ledger.context({ networkId: OTHER_NETWORK });
    const theirs = await refused(issue({}, { principal: stranger, context }));
    const missing = await refused(issue({ holder: { type: 'partner', id: 99 } }));
    expect(JSON.stringify([theirs.code, theirs.details])).toBe(
      JSON.stringify([missing.code, missing.details]),
    );
  });

  it('needs the permission, and the partner in a limited manager’s scope', async () => {
    const permissions = ['partner.api_keys.manage'] as const;
    const limited = (id = MANAGER) => employee({ id, permissions, scope: 'limited' });
    for (const principal of [
      employee({}),
      employee({ permissions: ['partner.api_keys.read', 'partner.api_keys.reveal'] }),
      limited(employeeId(6)),
      partnerUser(),
      { actor: { type: 'operator', issuer: 'i', subject: 's' }, networkId: null } as const,
    ])
      expect((await refused(issue({}, { principal }))).code).toBe('access/forbidden');
    const network = { portal: 'network', holder: NETWORK_HOLDER } as const;
    expect((await refused(issue(network, { principal: limited() }))).code).toBe('access/forbidden');
    await issue({}, { principal: limited() });
    await issue({}, { principal: employee({ permissions }) });
  });

  it('stops at the limit of active keys, also when two come at the same time', async () => {
    await issue();
    const both = await Promise.allSettled([issue(), issue()]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await refused(issue())).details).toEqual({ activeKeysMax: 2 });
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyIssued']);
  });

  it.each([
    ['of 100,000 characters', 'x'.repeat(100_000), 'too-long'],
    ['with NUL', 'a\u0000b', 'control-character'],
    ['that turns its direction', 'a\u202Eb', 'direction-override'],
    ['that is blank', '  ', 'empty'],
  ])('is refused with a label %s', async (_, label, reason) => {
    const { code, details } = await refused(issue({ label }));
    expect([code, details['reason'], details['field']]).toEqual([
      'request/text-not-allowed',
      reason,
      '/label',
    ]);
  });

  it('is refused with a label that holds a key, and does not repeat it', async () => {
    const { value } = await issue();
    const { details } = await refused(issue({ label: `for ${value.key}` }));
    expect(details).toEqual({ reason: 'key-material', field: '/label' });
  });

  describe('when the process dies', () => {
    it.each(['before the append', 'after the append'] as const)(
      '%s, the retry of a recoverable key shows the secret that the log knows, and no other',
      async (moment) => {
        const context = ledger.context();
        ledger.store.dies = moment;
        await expect(issue({}, { context })).rejects.toThrow('killed');
        ledger.store.dies = 'never';
        const { value } = await issue({}, { context });
        expect(await ledger.story(RING)).toEqual(['KeyIssued']);
        const event = await ledger.issued(RING, keyId(value.keyId));
        expect(await ledger.lookupHash(told(value.key))).toBe(event.secret.lookupHash);
        const again = await issue({}, { context });
        expect(again.value).toEqual(value);
        expect(await ledger.story(RING)).toEqual(['KeyIssued']);
      },
    );

    it('after the append, the retry of a hashed key is told that it was shown, and which key it is', async () => {
      const context = ledger.context();
      ledger.store.dies = 'after the append';
      await expect(issueNetworkKey(context)).rejects.toThrow('killed');
      ledger.store.dies = 'never';
      const { value } = await issueNetworkKey(context);
      expect(value).toMatchObject({ key: null, secretWithheld: 'inFirstAnswerOnly' });
      expect(await ledger.story(networkRing())).toEqual(['KeyIssued']);
      await ledger.issued(networkRing(), keyId(value.keyId));
    });

    it('before the append, a hashed key’s retry shows the one secret that the log names', async () => {
      const context = ledger.context();
      ledger.store.dies = 'before the append';
      await expect(issueNetworkKey(context)).rejects.toThrow('killed');
      ledger.store.dies = 'never';
      const { value } = await issueNetworkKey(context);
      const event = await ledger.issued(networkRing(), keyId(value.keyId));
      expect(await ledger.lookupHash(told(value.key))).toBe(event.secret.lookupHash);
      expect((await issueNetworkKey(context)).value).toEqual({
        ...value,
        key: null,
        secretWithheld: 'inFirstAnswerOnly',
      });
    });

    it('between, what was kept for nothing is swept after the grace, never before, and the rest stays', async () => {
      const lost = ledger.context();
      ledger.store.dies = 'before the append';
      await expect(issue({}, { context: lost })).rejects.toThrow('killed');
      ledger.store.dies = 'after the append';
      await expect(issue({ label: 'second' })).rejects.toThrow('killed');
      ledger.store.dies = 'never';
      const { signal } = new AbortController();
      ledger.clock.advanceMs(CANDIDATE_GRACE_MS - 1);
      expect(await ledger.sweeps.lost.run(signal)).toBe(0);
      expect(await candidates()).toHaveLength(2);
      ledger.clock.advanceMs(1);
      expect(await ledger.sweeps.lost.run(signal)).toBe(2);
      expect(await candidates()).toEqual([]);
      const [event] = await ledger.events(keyRingStream(RING));
      const { keyId: known, secret } = event?.data as Awaited<ReturnType<KeysLedger['issued']>>;
      expect(parseKey(await ledger.vault.open({ ...RING, keyId: known }, secret))).toBeDefined();
      expect(await ledger.sweeps.lost.run(signal)).toBe(0);
    });
  });

  it('twice at the same time under one command gives one key and one secret', async () => {
    const context = ledger.context();
    let first: string | null = null;
    ledger.store.beforeNextAppend = async () => {
      first = (await issue({}, { context })).value.key;
    };
    // It has drawn a secret of its own when it finds that the other one was first.
    expect((await issue({}, { context })).value.key).toBe(first);
    expect(await ledger.story(RING)).toEqual(['KeyIssued']);
  });

  it('twice at the same time under one command shows a hashed key’s secret to one of them', async () => {
    const context = ledger.context();
    let first: string | undefined;
    ledger.store.beforeNextAppend = async () => {
      first = (await issueNetworkKey(context)).value.keyId;
    };
    expect((await issueNetworkKey(context)).value).toMatchObject({
      keyId: first,
      key: null,
      secretWithheld: 'inFirstAnswerOnly',
    });
  });

  it('is answered with its secret for a day and while the key is active, and else says why not', async () => {
    const context = ledger.context();
    const { value } = await issue({}, { context });
    const later = (ms: number) => ({ ...context, now: new Date(context.now.getTime() + ms) });
    expect((await issue({}, { context: later(RETRY_SHOWS_SECRET_MS) })).value.key).toBe(value.key);
    const withheld = async (at = context) => {
      const { key, secretWithheld, ...rest } = (await issue({}, { context: at })).value;
      expect([key, { ...rest, key: value.key, secretWithheld: null }]).toEqual([null, value]);
      return secretWithheld;
    };
    expect(await withheld(later(RETRY_SHOWS_SECRET_MS + 1))).toBe('retryTooLate');
    const id = keyId(value.keyId);
    await ledger.handlers.suspend.execute(
      new SuspendKey(SUPER_USER, ledger.context(), { keyId: id, reason: 'a look at it' }),
    );
    expect(await withheld()).toBe('keySuspended');
    await ledger.handlers.revoke.execute(
      new RevokeKey(SUPER_USER, ledger.context(), { keyId: id, reason: 'unused' }),
    );
    expect(await withheld()).toBe('secretDestroyed');
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeySuspended', 'KeyRevoked']);
  });

  it('of a key past its expiry is answered without its secret, also before anybody expired it', async () => {
    const context = ledger.context();
    const expiresAt = new Date(context.now.getTime() + 1_000).toISOString();
    await issue({ expiresAt }, { context });
    const later = { ...context, now: new Date(expiresAt) };
    expect((await issue({ expiresAt }, { context: later })).value).toMatchObject({
      status: 'active',
      key: null,
      secretWithheld: 'secretDestroyed',
    });
  });

  it('needs the wrapping key, and keeps nothing without it', async () => {
    ledger.sealing.sealingKeys.missing = true;
    expect((await refused(issue())).code).toBe('keys/wrapping-key-missing');
    expect((await refused(issueNetworkKey())).code).toBe('keys/wrapping-key-missing');
    expect(await candidates()).toEqual([]);
    expect(await ledger.story(RING)).toEqual([]);
    ledger.sealing.sealingKeys.missing = false;
    await issue();
  });

  describe('in place of another one', () => {
    const reissue = (
      id: string,
      change: Partial<ReissueKey['input']> = {},
      context = ledger.context(),
    ) =>
      ledger.handlers.reissue.execute(
        new ReissueKey(SUPER_USER, context, { keyId: keyId(id), reason: 'leaked', ...change }),
      );

    it('is one append: the old one is revoked and its secret destroyed, the new one shown', async () => {
      const old = (await issue()).value;
      await issue();
      const { value } = await reissue(old.keyId);
      expect(await ledger.story(RING)).toEqual([
        'KeyIssued',
        'KeyIssued',
        'KeyRevoked',
        'KeyIssued',
      ]);
      expect(value).toMatchObject({ replaces: old.keyId, label: old.label, version: 1 });
      expect(value.key).not.toBe(old.key);
      const event = await ledger.issued(RING, keyId(old.keyId));
      await expect(
        ledger.vault.open({ ...RING, keyId: keyId(old.keyId) }, event.secret),
      ).rejects.toMatchObject({ code: 'keys/secret-destroyed' });
    });

    it('keeps what a network key may do, and its retry is told that it was shown', async () => {
      const old = (await issueNetworkKey()).value;
      const context = ledger.context();
      const { value } = await reissue(old.keyId, {}, context);
      expect(await ledger.issued(networkRing(), keyId(value.keyId))).toMatchObject({
        permissions: ['a', 'b'],
        employeeId: MANAGER,
      });
      expect((await reissue(old.keyId, {}, context)).value).toEqual({
        ...value,
        key: null,
        secretWithheld: 'inFirstAnswerOnly',
      });
    });

    it('is refused for a version that the client did not see, for an unknown and for a revoked key', async () => {
      const old = (await issue()).value;
      expect((await refused(reissue(old.keyId, { ifMatch: 2 }))).code).toBe(
        'request/precondition-failed',
      );
      await reissue(old.keyId, { ifMatch: 1 });
      expect((await refused(reissue(old.keyId))).code).toBe('keys/key-revoked');
      expect((await refused(reissue(randomUUID()))).code).toBe('keys/key-not-found');
    });
  });

  it('to a second partner is another ring', async () => {
    await ledger.eligiblePartner(NETWORK, partnerId(8));
    await issue();
    await issue();
    await issue({ holder: { type: 'partner', id: 8 } });
    expect(await ledger.story(affiliateRing(NETWORK, partnerId(8)))).toEqual(['KeyIssued']);
  });
});
