import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { keyId, networkId, shareId } from '#kernel';
import type { ShareRecord, ShareStore } from '../ports/share-store.port.js';
import { PASSPHRASE_TRIES_MAX } from '../ports/share-store.port.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const LATER = new Date('2026-01-02T00:00:00.000Z');
const MANY = 1_000;

/** What handlers rely on, whatever keeps the shares. Every case works with ids of its own. */
export function shareStoreContract(store: () => ShareStore): void {
  let networks = 0;
  const newRecord = (change: Partial<ShareRecord> = {}): ShareRecord => {
    networks += 1;
    return {
      ring: {
        networkId: networkId(networks),
        portal: 'affiliate',
        holder: { type: 'partner', id: networks },
      },
      shareId: shareId(randomUUID()),
      keyId: keyId(randomUUID()),
      bound: 'passphrase',
      tokenHash: randomBytes(32).toString('hex'),
      pepperId: 'p',
      passphraseHash: 'scrypt$…',
      expiresAt: AT.toISOString(),
      ...change,
    };
  };
  const newAttemptOf = (record: ShareRecord) =>
    newRecord({ ring: record.ring, shareId: record.shareId, keyId: record.keyId });
  const confirm = (record: ShareRecord) =>
    store().confirm(record.ring.networkId, record.shareId, record.tokenHash);

  describe('shares', () => {
    it('are found by the hash of their token, each attempt by its own', async () => {
      const one = newRecord();
      const two = newAttemptOf(one);
      await store().keep(one, AT);
      await store().keep(two, AT);
      expect(await store().findByToken(one.tokenHash)).toEqual(one);
      expect(await store().findByToken(two.tokenHash)).toEqual(two);
      await confirm(two);
      expect(await store().findByToken(one.tokenHash)).toBeUndefined();
      expect(await store().findByToken(two.tokenHash)).toEqual(two);
    });

    it('are found by the one of several hashes that is theirs', async () => {
      const [record, other] = [newRecord(), newRecord()];
      await store().keep(record, AT);
      expect(await store().findByToken(other.tokenHash, record.tokenHash)).toEqual(record);
      expect(await store().findByToken()).toBeUndefined();
    });

    it('are located within their network only', async () => {
      const record = newRecord();
      const { ring } = record;
      await store().keep(record, AT);
      expect(await store().locate(ring.networkId, record.shareId)).toEqual({
        ring,
        keyId: record.keyId,
      });
      expect(await store().locate(newRecord().ring.networkId, record.shareId)).toBeUndefined();
    });

    it('count tries up to the bound, also when all come at the same time', async () => {
      const record = newRecord();
      const { ring, shareId: id } = record;
      await store().keep(record, AT);
      const tries = await Promise.all(
        Array.from({ length: PASSPHRASE_TRIES_MAX + 5 }, () =>
          store().countTry(ring.networkId, id),
        ),
      );
      expect(tries.filter((tried) => tried !== undefined).sort()).toEqual(
        Array.from({ length: PASSPHRASE_TRIES_MAX }, (_, index) => index + 1),
      );
      await store().forgiveTry(ring.networkId, id);
      expect(await store().countTry(ring.networkId, id)).toBe(PASSPHRASE_TRIES_MAX);
      expect(await store().countTry(ring.networkId, id)).toBeUndefined();
      expect(await store().countTry(ring.networkId, shareId(randomUUID()))).toBeUndefined();
    });

    it('that are unconfirmed are listed when old enough, and discarded one attempt at a time', async () => {
      const one = newRecord();
      const two = newAttemptOf(one);
      await store().keep(one, AT);
      await store().keep(two, LATER);
      const hashes = async (at: Date) =>
        (await store().unconfirmed(at, MANY)).map(({ tokenHash }) => tokenHash);
      expect(await hashes(AT)).toContain(one.tokenHash);
      expect(await hashes(AT)).not.toContain(two.tokenHash);
      await store().discard(one.ring.networkId, one.shareId, one.tokenHash);
      await confirm(two);
      await store().discard(two.ring.networkId, two.shareId, two.tokenHash);
      expect(await hashes(LATER)).not.toContain(two.tokenHash);
      expect(await store().findByToken(one.tokenHash)).toBeUndefined();
      expect(await store().findByToken(two.tokenHash)).toEqual(two);
    });

    it('are due when confirmed and past their expiry, until they are destroyed', async () => {
      const record = newRecord();
      const later = newRecord({ expiresAt: LATER.toISOString() });
      for (const kept of [record, later]) await store().keep(kept, AT);
      const due = async () => {
        const rings = await store().ringsDue(AT, MANY);
        return rings.filter(({ networkId: id }) =>
          [record, later].some(({ ring }) => ring.networkId === id),
        );
      };
      expect(await due()).toEqual([]);
      for (const kept of [record, later]) await confirm(kept);
      expect(await due()).toEqual([record.ring]);
      await store().destroy(record.ring.networkId, record.shareId);
      expect(await due()).toEqual([]);
    });

    it('get a lost record back without its passphrase, and lose none by it', async () => {
      const [lost, kept] = [newRecord(), newRecord()];
      await store().keep(kept, AT);
      for (const record of [lost, kept]) await store().restore(record, AT);
      expect(await store().findByToken(lost.tokenHash)).toEqual({ ...lost, passphraseHash: null });
      expect(await store().findByToken(kept.tokenHash)).toEqual(kept);
      expect(await store().locate(lost.ring.networkId, lost.shareId)).toEqual({
        ring: lost.ring,
        keyId: lost.keyId,
      });
    });

    it('lose their passphrase when they are destroyed, and are still found by their token', async () => {
      const record = newRecord();
      await store().keep(record, AT);
      await confirm(record);
      await store().destroy(record.ring.networkId, record.shareId);
      expect(await store().findByToken(record.tokenHash)).toEqual({
        ...record,
        passphraseHash: null,
      });
    });
  });
}
