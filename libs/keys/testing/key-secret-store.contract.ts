import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { keyId, networkId } from '#kernel';
import type { RingId } from '../domain/portal.value.js';
import type { KeySecretRecord, KeySecretStore } from '../ports/key-secret-store.port.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const LATER = new Date('2026-01-02T00:00:00.000Z');
const MANY = 1_000;

/** What handlers rely on, whatever keeps the secrets. Every case works with ids of its own. */
export function keySecretStoreContract(store: () => KeySecretStore): void {
  let networks = 0;
  const newRing = (): RingId => {
    networks += 1;
    return {
      networkId: networkId(networks),
      portal: 'affiliate',
      holder: { type: 'partner', id: 2 ** 40 + networks },
    };
  };
  const newRecord = (change: Partial<KeySecretRecord> = {}): KeySecretRecord => ({
    ring: newRing(),
    keyId: keyId(randomUUID()),
    lookupHash: randomBytes(32).toString('hex'),
    sealed: {
      wrappedKey: { keyId: 'w', ciphertext: randomBytes(60) },
      iv: randomBytes(12),
      ciphertext: randomBytes(50),
      tag: randomBytes(16),
    },
    expiresAt: null,
    ...change,
  });
  const found = async ({ ring, keyId: id, lookupHash }: KeySecretRecord) => {
    const sealed = await store().find(ring.networkId, id, lookupHash);
    return (
      sealed && {
        wrappedKey: {
          keyId: sealed.wrappedKey.keyId,
          ciphertext: Buffer.from(sealed.wrappedKey.ciphertext),
        },
        iv: Buffer.from(sealed.iv),
        ciphertext: Buffer.from(sealed.ciphertext),
        tag: Buffer.from(sealed.tag),
      }
    );
  };
  const confirm = ({ ring, keyId: id, lookupHash }: KeySecretRecord) =>
    store().confirm(ring.networkId, id, lookupHash);

  describe('key secrets', () => {
    it('give back the sealed secret of the attempt that is asked for, byte for byte', async () => {
      const one = newRecord();
      const two = newRecord({ ring: one.ring, keyId: one.keyId });
      await store().keep(one, AT);
      await store().keep(two, AT);
      expect(await found(one)).toEqual(one.sealed);
      expect(await found(two)).toEqual(two.sealed);
      expect(await found({ ...one, lookupHash: 'another' })).toBeUndefined();
    });

    it('are of one network: the same key id elsewhere is not found', async () => {
      const record = newRecord();
      await store().keep(record, AT);
      const elsewhere = newRing();
      expect(await found({ ...record, ring: elsewhere })).toBeUndefined();
      expect(await store().locate(elsewhere.networkId, record.keyId)).toBeUndefined();
      expect(await store().locate(record.ring.networkId, record.keyId)).toEqual(record.ring);
    });

    it('of a hashed key are a locator only', async () => {
      const record = newRecord({ sealed: null });
      await store().keep(record, AT);
      expect(await found(record)).toBeUndefined();
      expect(await store().locate(record.ring.networkId, record.keyId)).toEqual(record.ring);
    });

    it('of the other attempts go when one is confirmed', async () => {
      const one = newRecord();
      const two = newRecord({ ring: one.ring, keyId: one.keyId });
      await store().keep(one, AT);
      await store().keep(two, AT);
      await confirm(two);
      expect(await found(one)).toBeUndefined();
      expect(await found(two)).toEqual(two.sealed);
    });

    it('are listed as unconfirmed until they are confirmed, and only when old enough', async () => {
      const record = newRecord();
      const ids = async (at: Date) =>
        (await store().unconfirmed(at, MANY)).map((candidate) => candidate.keyId);
      await store().keep(record, LATER);
      expect(await ids(AT)).not.toContain(record.keyId);
      expect(await ids(LATER)).toContain(record.keyId);
      await confirm(record);
      expect(await ids(LATER)).not.toContain(record.keyId);
    });

    it('are discarded with their locator when nothing was confirmed, and kept when something was', async () => {
      const [lost, kept] = [newRecord(), newRecord()];
      for (const record of [lost, kept]) await store().keep(record, AT);
      await confirm(kept);
      for (const { ring, keyId: id, lookupHash } of [lost, kept])
        await store().discard(ring.networkId, id, lookupHash);
      expect(await store().locate(lost.ring.networkId, lost.keyId)).toBeUndefined();
      expect(await found(lost)).toBeUndefined();
      expect(await found(kept)).toEqual(kept.sealed);
    });

    it('are gone for ever once destroyed, and the key is still located', async () => {
      const record = newRecord();
      await store().keep(record, AT);
      await confirm(record);
      await store().destroy(record.ring.networkId, record.keyId);
      await store().destroy(record.ring.networkId, record.keyId);
      expect(await found(record)).toBeUndefined();
      expect(await store().locate(record.ring.networkId, record.keyId)).toEqual(record.ring);
    });

    it('get a lost locator back, and lose no secret by it', async () => {
      const [lost, kept] = [newRecord(), newRecord()];
      await store().keep(kept, AT);
      await store().destroy(lost.ring.networkId, lost.keyId);
      for (const { ring, keyId: id, lookupHash, expiresAt } of [lost, kept])
        await store().restore({ ring, keyId: id, lookupHash, expiresAt }, AT);
      expect(await store().locate(lost.ring.networkId, lost.keyId)).toEqual(lost.ring);
      expect(await found(lost)).toBeUndefined();
      expect(await found(kept)).toEqual(kept.sealed);
      const waiting = (await store().unconfirmed(AT, MANY)).map((one) => one.keyId);
      expect(waiting).not.toContain(lost.keyId);
      expect(waiting).toContain(kept.keyId);
    });

    it('name the rings with confirmed keys that are due, once each, until they are destroyed', async () => {
      const expiresAt = AT.toISOString();
      const ring = newRing();
      const [one, two] = [newRecord({ ring, expiresAt }), newRecord({ ring, expiresAt })];
      const unconfirmed = newRecord({ expiresAt });
      const later = newRecord({ expiresAt: LATER.toISOString() });
      for (const record of [one, two, unconfirmed, later]) await store().keep(record, AT);
      for (const record of [one, two, later]) await confirm(record);
      const due = async () => {
        const mine = [ring, unconfirmed.ring, later.ring].map(({ networkId: id }) => id);
        const rings = await store().ringsDue(AT, MANY);
        return rings.filter(({ networkId: id }) => mine.includes(id));
      };
      expect(await due()).toEqual([ring]);
      await store().destroy(ring.networkId, one.keyId);
      expect(await due()).toEqual([ring]);
      await store().destroy(ring.networkId, two.keyId);
      expect(await due()).toEqual([]);
    });
  });
}
