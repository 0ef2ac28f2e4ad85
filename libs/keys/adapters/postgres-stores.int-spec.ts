import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { DomainError, keyId, networkId } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { createDataSource, migrate, RUNTIME_ROLE } from '#platform/postgres';
import { SealBrokenError } from '#sealing';
import { memorySealing } from '#sealing/testing';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import type { RingId } from '../domain/portal.value.js';
import { keysMigrations } from '../keys.migrations.js';
import { keySecretStoreContract } from '../testing/key-secret-store.contract.js';
import { shareStoreContract } from '../testing/share-store.contract.js';
import { CryptoSecretSource } from './crypto-secret-source.js';
import { PostgresKeySecrets } from './postgres-key-secrets.js';
import { PostgresShares } from './postgres-shares.js';
import { SealedKeyVault } from './sealed-key-vault.js';

describe('on PostgreSQL, as the runtime role', () => {
  let database: TestDatabase;
  let source: DataSource;
  let secrets: PostgresKeySecrets;
  let shares: PostgresShares;
  beforeAll(async () => {
    database = await testDatabase();
    await migrate(database.url, keysMigrations);
    source = createDataSource({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'keys-test',
    });
    await source.initialize();
    secrets = new PostgresKeySecrets(source);
    shares = new PostgresShares(source);
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  keySecretStoreContract(() => secrets);
  shareStoreContract(() => shares);

  describe('the vault', () => {
    const randomness = new CryptoSecretSource();
    const ringOf = (network: number): RingId => ({
      networkId: networkId(network),
      portal: 'affiliate',
      holder: { type: 'partner', id: 7 },
    });
    const opened = () => {
      const sealing = memorySealing(new FixedClock());
      return {
        ...sealing,
        vault: new SealedKeyVault(sealing.sealer, sealing.peppers, secrets, sealing.clock),
      };
    };

    it('opens what it kept, and neither of two rows whose sealed secrets were swapped', async () => {
      const { vault } = opened();
      const keys = [];
      for (const network of [9_001, 9_002]) {
        const ring = ringOf(network);
        const id = keyId(randomUUID());
        const secret = randomness.key('kl', 'aff');
        const reference = await vault.keep({ ring, keyId: id, secret, expiresAt: null });
        keys.push({ key: { ...ring, keyId: id }, secret, reference });
      }
      for (const { key, secret, reference } of keys)
        expect(await vault.open(key, reference)).toBe(secret);
      const swapped = await source.query<unknown[]>(
        `WITH swapped AS (
           UPDATE ledger.key_secrets mine
           SET wrapping_key_id = other.wrapping_key_id, wrapped_key = other.wrapped_key,
               iv = other.iv, ciphertext = other.ciphertext, tag = other.tag
           FROM ledger.key_secrets other
           WHERE mine.network_id IN (9001, 9002) AND other.network_id IN (9001, 9002)
             AND mine.network_id <> other.network_id RETURNING 1
         ) SELECT 1 FROM swapped`,
      );
      expect(swapped).toHaveLength(2);
      for (const { key, reference } of keys)
        await expect(vault.open(key, reference)).rejects.toThrow(SealBrokenError);
    });

    it('keeps nothing in the clear', async () => {
      const { vault } = opened();
      const secret = randomness.key('kl', 'aff');
      await vault.keep({
        ring: ringOf(9_003),
        keyId: keyId(randomUUID()),
        secret,
        expiresAt: null,
      });
      const rows = await source.query<object[]>(
        `SELECT a.*, s.* FROM ledger.key_attempts a JOIN ledger.key_secrets s USING (network_id, key_id, lookup_hash)
         WHERE network_id = 9003`,
      );
      expect(rows).toHaveLength(1);
      const bytes = Object.values(rows[0] ?? {}).map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
      );
      expect(bytes.join('\n')).not.toContain(secret.slice(7, 30));
    });

    it('keeps and opens nothing without the wrapping key', async () => {
      const { vault, sealingKeys } = opened();
      const ring = ringOf(9_004);
      const id = keyId(randomUUID());
      const candidate = { ring, keyId: id, secret: randomness.key('kl', 'aff'), expiresAt: null };
      const reference = await vault.keep(candidate);
      sealingKeys.missing = true;
      const missing = new DomainError('keys/wrapping-key-missing');
      await expect(vault.open({ ...ring, keyId: id }, reference)).rejects.toEqual(missing);
      const other = keyId(randomUUID());
      await expect(vault.keep({ ...candidate, keyId: other })).rejects.toEqual(missing);
      expect(await vault.locate(ring.networkId, other)).toBeUndefined();
      // Another key is as good as none.
      await expect(opened().vault.open({ ...ring, keyId: id }, reference)).rejects.toEqual(missing);
    });

    it('says that a secret is hashed, or destroyed', async () => {
      const { vault } = opened();
      const ring = ringOf(9_005);
      const id = keyId(randomUUID());
      const reference = await vault.keep({
        ring,
        keyId: id,
        secret: randomness.key('kl', 'aff'),
        expiresAt: null,
      });
      await vault.destroy(ring.networkId, id);
      await expect(vault.open({ ...ring, keyId: id }, reference)).rejects.toEqual(
        new DomainError('keys/secret-destroyed'),
      );
      await expect(
        vault.open({ ...ring, keyId: id }, { ...reference, storage: 'hashed' }),
      ).rejects.toEqual(new DomainError('keys/secret-not-recoverable'));
    });
  });
});
