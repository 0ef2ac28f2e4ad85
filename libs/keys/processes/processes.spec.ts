import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#event-store';
import { keyId, marketplacePartnerId } from '#kernel';
import type { KeyId } from '#kernel';
import { IssueKey } from '../commands/issue-key/issue-key.command.js';
import { RevokeKey } from '../commands/revoke-key/revoke-key.command.js';
import { ShareKey } from '../commands/share-key/share-key.command.js';
import type { KeyShared, KeySuspended, ShareEnded } from '../domain/key-ring.events.js';
import { userReference } from '../domain/key-ring.events.js';
import { keyRingStream } from '../domain/portal.value.js';
import { CANDIDATE_GRACE_MS } from '../ports/key-vault.port.js';
import type { KeysLedger } from '../testing/index.js';
import { affiliateRing, ANA, keysLedger, NETWORK, PARTNER, SUPER_USER } from '../testing/index.js';
import { eachOf } from './sweep.js';

const RING = affiliateRing();
const FLAG = {
  type: 'FlagOpened',
  data: { flagId: 'f', kind: 'fraud', reason: 'odd clicks' },
} as const;

let ledger: KeysLedger;
const { signal } = new AbortController();
beforeEach(async () => {
  ledger = keysLedger();
  await ledger.network(NETWORK);
  await ledger.eligiblePartner(NETWORK, PARTNER);
});

async function issue(expiresAt?: string): Promise<KeyId> {
  const { value } = await ledger.handlers.issue.execute(
    new IssueKey(SUPER_USER, ledger.context(), {
      portal: 'affiliate',
      holder: RING.holder,
      label: 'Dashboard',
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }),
  );
  return keyId(value.keyId);
}

const share = (id: KeyId, change: Partial<ShareKey['input']> = {}) =>
  ledger.handlers.share.execute(
    new ShareKey(SUPER_USER, ledger.context(), {
      keyId: id,
      recipient: { type: 'holderUsers', reference: '7' },
      channel: 'chat',
      reason: 'hand-over',
      bound: 'users',
      ...change,
    }),
  );

async function last(type: string): Promise<RecordedEvent> {
  const event = (await ledger.events()).findLast((one) => one.type === type);
  if (!event) throw new Error(`no ${type}`);
  return event;
}

describe('a partner that must not use its keys', () => {
  it('loses them all with the flag as the cause, once, however often the event comes', async () => {
    await issue();
    await issue();
    await ledger.partnerEvent(NETWORK, PARTNER, FLAG);
    const flag = await last('FlagOpened');
    for (let times = 0; times < 3; times += 1) await ledger.processes.suspend.handle(flag, signal);
    expect(await ledger.story(RING)).toEqual([
      'KeyIssued',
      'KeyIssued',
      'HolderSuspended',
      'KeySuspended',
      'KeySuspended',
    ]);
    const { metadata, data } = await last('KeySuspended');
    expect((data as KeySuspended['data']).cause).toEqual({
      kind: 'flag',
      reason: 'fraud',
      event: { streamId: flag.streamId, revision: String(flag.revision), eventId: flag.id },
    });
    expect(metadata).toMatchObject({
      $causationId: flag.id,
      actor: { type: 'system' },
      networkId: NETWORK,
    });
  });

  it('loses also the key whose issuance was decided while the flag was being opened', async () => {
    // The flag stands before the key in the log, and its event was handled when there was no key.
    ledger.store.beforeNextAppend = async () => {
      await ledger.partnerEvent(NETWORK, PARTNER, FLAG);
      await ledger.processes.suspend.handle(await last('FlagOpened'), signal);
    };
    await issue();
    const issued = await last('KeyIssued');
    expect(await ledger.story(RING)).toEqual(['KeyIssued']);
    await ledger.processes.suspend.handle(issued, signal);
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'HolderSuspended', 'KeySuspended']);
    expect(((await last('KeySuspended')).data as KeySuspended['data']).cause.event).toMatchObject({
      eventId: (await last('FlagOpened')).id,
    });
  });

  it('keeps them when the flag was closed before anybody looked, or when the policy says so', async () => {
    await issue();
    await ledger.partnerEvent(NETWORK, PARTNER, FLAG);
    await ledger.partnerEvent(NETWORK, PARTNER, {
      type: 'FlagClosed',
      data: { flagId: 'f', reason: 'a mistake' },
    });
    await ledger.processes.suspend.handle(await last('FlagOpened'), signal);
    await ledger.network(NETWORK, { suspendOnFlag: false });
    await ledger.partnerEvent(NETWORK, PARTNER, { ...FLAG, data: { ...FLAG.data, flagId: 'g' } });
    await ledger.processes.suspend.handle(await last('FlagOpened'), signal);
    expect(await ledger.story(RING)).toEqual(['KeyIssued']);
  });

  it.each(['suspended', 'inactive', 'offboarded', 'rejected'] as const)(
    'loses them when it becomes %s, whatever the policy says of flags',
    async (to) => {
      await ledger.network(NETWORK, { suspendOnFlag: false });
      await issue();
      await ledger.partnerEvent(NETWORK, PARTNER, {
        type: 'PartnerStatusChanged',
        data: { from: 'active', to, source: 'manual', sourceTime: '2026-01-01T00:00:00.000Z' },
      });
      const event = await last('PartnerStatusChanged');
      await ledger.processes.suspend.handle(event, signal);
      expect(((await last('KeySuspended')).data as KeySuspended['data']).cause).toEqual({
        kind: 'partnerStatus',
        reason: to,
        event: { streamId: event.streamId, revision: String(event.revision), eventId: event.id },
      });
    },
  );
});

describe('a recipient who is removed', () => {
  const BOB = { issuer: 'https://idp.test', subject: 'bob' };
  const ended = async () =>
    (await ledger.events())
      .filter(({ type }) => type === 'ShareEnded')
      .map(({ data }) => data as ShareEnded['data']);
  const unlink = async () => {
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserUnlinked', data: ANA });
    await ledger.processes.endShares.handle(await last('PartnerUserUnlinked'), signal);
  };

  it('loses the open links that were made for it, and the last user those of all', async () => {
    const [one, two] = [await issue(), await issue()];
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserLinked', data: BOB });
    const reference = userReference(ANA.issuer, ANA.subject);
    const named = await share(one, { recipient: { type: 'partnerUser', reference } });
    const all = await share(two);
    await unlink();
    expect(await ended()).toEqual([
      { shareId: named.value.shareId, keyId: one, reason: 'recipientRemoved' },
    ]);
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserUnlinked', data: BOB });
    await ledger.processes.endShares.handle(await last('PartnerUserUnlinked'), signal);
    expect((await ended()).map(({ shareId }) => shareId)).toEqual([
      named.value.shareId,
      all.value.shareId,
    ]);
  });

  it('loses the link that was made for it also when it is the partner’s again before that is seen', async () => {
    const id = await issue();
    const reference = userReference(ANA.issuer, ANA.subject);
    const { value } = await share(id, { recipient: { type: 'partnerUser', reference } });
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserUnlinked', data: ANA });
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserLinked', data: ANA });
    const unlinked = await last('PartnerUserUnlinked');
    await ledger.processes.endShares.handle(unlinked, signal);
    expect((await last('ShareEnded')).data).toMatchObject({ shareId: value.shareId });
    await share(id, { recipient: { type: 'partnerUser', reference } });
    const after = await ledger.story(RING);
    await ledger.processes.endShares.handle(unlinked, signal);
    expect(await ledger.story(RING)).toEqual(after);
  });

  it.each(['users', 'passphrase'] as const)(
    'takes with the last user the links for all users (%s) also when another is linked before that is seen',
    async (bound) => {
      const [one, two] = [await issue(), await issue()];
      const { value } = await share(one, { bound });
      await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserUnlinked', data: ANA });
      await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserLinked', data: BOB });
      await share(two, { bound });
      const shared = await last('KeyShared');
      for (const event of [await last('PartnerUserUnlinked'), shared])
        await ledger.processes.endShares.handle(event, signal);
      expect(await ended()).toEqual([
        { shareId: value.shareId, keyId: one, reason: 'recipientRemoved' },
      ]);
    },
  );

  it('loses the link that was made while it was being removed, whoever is linked before that is seen', async () => {
    const id = await issue();
    ledger.store.beforeNextAppend = () =>
      ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserUnlinked', data: ANA });
    const { value } = await share(id);
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserLinked', data: BOB });
    for (const type of ['PartnerUserUnlinked', 'KeyShared'])
      await ledger.processes.endShares.handle(await last(type), signal);
    expect(await ended()).toEqual([
      { shareId: value.shareId, keyId: id, reason: 'recipientRemoved' },
    ]);
  });

  it('takes with the last user also the links for all users that need a passphrase', async () => {
    const id = await issue();
    const { value } = await share(id, { bound: 'passphrase' });
    await unlink();
    expect((await last('ShareEnded')).data).toEqual({
      shareId: value.shareId,
      keyId: id,
      reason: 'recipientRemoved',
    });
  });

  it('takes with a marketplace partner’s last user the links for its users', async () => {
    const id = marketplacePartnerId(9);
    await ledger.marketplacePartner(NETWORK, id);
    for (const user of [ANA, BOB])
      await ledger.marketplaceEvent(NETWORK, id, {
        type: 'MarketplaceUserLinked',
        data: { marketplacePartnerId: id, ...user },
      });
    const issued = await ledger.handlers.issue.execute(
      new IssueKey(SUPER_USER, ledger.context(), {
        portal: 'marketplace',
        holder: { type: 'marketplacePartner', id },
        label: 'Bazaar',
      }),
    );
    const { value } = await share(keyId(issued.value.keyId), { bound: 'passphrase' });
    expect(ledger.processes.endShares.handles).toContain('MarketplaceUserUnlinked');
    for (const user of [ANA, BOB]) {
      expect(await ended()).toEqual([]);
      await ledger.marketplaceEvent(NETWORK, id, {
        type: 'MarketplaceUserUnlinked',
        data: { marketplacePartnerId: id, ...user },
      });
      await ledger.processes.endShares.handle(await last('MarketplaceUserUnlinked'), signal);
    }
    expect(await ended()).toEqual([
      expect.objectContaining({ shareId: value.shareId, reason: 'recipientRemoved' }),
    ]);
  });

  it('does not end a link with a passphrase that was made after the removal, however late it is seen', async () => {
    const id = await issue();
    await share(id, { bound: 'passphrase' });
    await ledger.partnerEvent(NETWORK, PARTNER, { type: 'PartnerUserUnlinked', data: ANA });
    await share(id, { bound: 'passphrase' });
    const after = await ledger.story(RING);
    await ledger.processes.endShares.handle(await last('PartnerUserUnlinked'), signal);
    await ledger.processes.endShares.handle(await last('KeyShared'), signal);
    expect(await ledger.story(RING)).toEqual(after);
  });

  it('does not end a link with a passphrase for somebody who is known elsewhere', async () => {
    const id = await issue();
    await share(id, { recipient: { type: 'contact', reference: 'crm-1' }, bound: 'passphrase' });
    await unlink();
    expect(await ledger.story(RING)).toEqual(['KeyIssued', 'KeyShared']);
  });
});

describe('what a dead handler left', () => {
  it('is destroyed by the process that follows the log', async () => {
    const id = await issue();
    await share(id, { bound: 'passphrase' });
    const { secret } = await ledger.issued(RING, id);
    ledger.store.dies = 'after the append';
    await expect(
      ledger.handlers.revoke.execute(
        new RevokeKey(SUPER_USER, ledger.context(), { keyId: id, reason: 'leaked' }),
      ),
    ).rejects.toThrow('killed');
    ledger.store.dies = 'never';
    await ledger.vault.open({ ...RING, keyId: id }, secret);
    for (const event of await ledger.events(keyRingStream(RING)))
      await ledger.processes.keepSecrets.handle(event);
    await expect(ledger.vault.open({ ...RING, keyId: id }, secret)).rejects.toMatchObject({
      code: 'keys/secret-destroyed',
    });
  });

  it('is confirmed by it, so that the sweep leaves it alone', async () => {
    ledger.store.dies = 'after the append';
    await expect(issue()).rejects.toThrow('killed');
    ledger.store.dies = 'never';
    await ledger.processes.keepSecrets.handle(await last('KeyIssued'));
    expect(await ledger.secrets.unconfirmed(new Date('2030-01-01'), 10)).toEqual([]);
  });
});

describe('a database from an older backup than the log', () => {
  it('knows every key of the log again, so that it can be revoked', async () => {
    const id = await issue();
    await share(id);
    const events = await ledger.events();
    const restored = keysLedger();
    for (const event of events) await restored.processes.keepSecrets.handle(event);
    expect(await restored.vault.locate(NETWORK, id)).toEqual(RING);
    const { secret } = await ledger.issued(RING, id);
    await expect(restored.vault.open({ ...RING, keyId: id }, secret)).rejects.toMatchObject({
      code: 'keys/secret-destroyed',
    });
  });
});

describe('sweeping', () => {
  it('links that no event names go, and those that one names stay', async () => {
    const id = await issue();
    ledger.store.dies = 'before the append';
    await expect(share(id, { bound: 'passphrase' })).rejects.toThrow('killed');
    ledger.store.dies = 'after the append';
    await expect(share(id, { bound: 'passphrase' })).rejects.toThrow('killed');
    ledger.store.dies = 'never';
    ledger.clock.advanceMs(CANDIDATE_GRACE_MS);
    expect(await ledger.shares.unconfirmed(ledger.clock.now(), 10)).toHaveLength(2);
    await ledger.sweeps.lost.run(signal);
    expect(await ledger.shares.unconfirmed(ledger.clock.now(), 10)).toEqual([]);
    const { shareId, tokenHash } = (await last('KeyShared')).data as KeyShared['data'];
    expect(await ledger.shares.findByToken(tokenHash)).toMatchObject({ shareId });
  });

  it('one that fails does not hold up the others, and is told', async () => {
    const done: number[] = [];
    const work = eachOf([1, 2, 3], signal, (item) => {
      if (item === 2) return Promise.reject(new Error('two'));
      done.push(item);
      return Promise.resolve();
    });
    await expect(work).rejects.toThrow('1 of 3 failed');
    expect(done).toEqual([1, 3]);
  });
});

describe('expiry', () => {
  it('ends keys and links that are past their time, and destroys their secrets', async () => {
    const id = await issue('2026-01-01T01:00:00.000Z');
    const other = await issue();
    await share(other, { ttlSeconds: 7_200 });
    expect(await ledger.sweeps.expiry.run(signal)).toBe(0);
    ledger.clock.advanceMs(3_600_000);
    expect(await ledger.sweeps.expiry.run(signal)).toBe(1);
    ledger.clock.advanceMs(3_600_000);
    expect(await ledger.sweeps.expiry.run(signal)).toBe(1);
    expect(await ledger.sweeps.expiry.run(signal)).toBe(0);
    expect((await ledger.story(RING)).slice(3)).toEqual(['KeyExpired', 'ShareEnded']);
    const { secret } = await ledger.issued(RING, id);
    await expect(ledger.vault.open({ ...RING, keyId: id }, secret)).rejects.toMatchObject({
      code: 'keys/secret-destroyed',
    });
  });
});
