import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { keyId } from '#kernel';
import type { KeyId, NetworkId } from '#kernel';
import type { SealedSecret } from '#sealing';
import type { RingId } from '../domain/portal.value.js';
import type { KeySecretRecord } from '../ports/key-secret-store.port.js';
import { KeySecretStore } from '../ports/key-secret-store.port.js';
import type { RingColumns } from './ring-columns.js';
import { ringColumns, ringOf } from './ring-columns.js';

interface SealedColumns {
  readonly wrapping_key_id: string;
  readonly wrapped_key: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

@Injectable()
export class PostgresKeySecrets extends KeySecretStore {
  constructor(private readonly database: DataSource) {
    super();
  }

  override async keep(record: KeySecretRecord, at: Date): Promise<void> {
    const { ring, sealed } = record;
    await this.database.query(
      `WITH attempt AS (
         INSERT INTO ledger.key_attempts (network_id, key_id, lookup_hash, portal, holder_type, holder_id, expires_at, kept_at)
         VALUES ($1::bigint, $2::uuid, $3::text, $4, $5, $6, $7, $8)
       )
       INSERT INTO ledger.key_secrets (network_id, key_id, lookup_hash, wrapping_key_id, wrapped_key, iv, ciphertext, tag)
       SELECT $1::bigint, $2::uuid, $3::text, $9::text, $10::bytea, $11::bytea, $12::bytea, $13::bytea WHERE $9::text IS NOT NULL`,
      [
        ring.networkId,
        record.keyId,
        record.lookupHash,
        ring.portal,
        ring.holder.type,
        ring.holder.id,
        record.expiresAt,
        at,
        sealed?.wrappedKey.keyId ?? null,
        bytes(sealed?.wrappedKey.ciphertext),
        bytes(sealed?.iv),
        bytes(sealed?.ciphertext),
        bytes(sealed?.tag),
      ],
    );
  }

  override async find(
    networkId: NetworkId,
    id: KeyId,
    lookupHash: string,
  ): Promise<SealedSecret | undefined> {
    const [row] = await this.database.query<SealedColumns[]>(
      `SELECT wrapping_key_id, wrapped_key, iv, ciphertext, tag FROM ledger.key_secrets
       WHERE network_id = $1 AND key_id = $2 AND lookup_hash = $3`,
      [networkId, id, lookupHash],
    );
    return (
      row && {
        wrappedKey: { keyId: row.wrapping_key_id, ciphertext: row.wrapped_key },
        iv: row.iv,
        ciphertext: row.ciphertext,
        tag: row.tag,
      }
    );
  }

  override async confirm(networkId: NetworkId, id: KeyId, lookupHash: string): Promise<void> {
    await this.database.query(
      `WITH others AS (
         DELETE FROM ledger.key_attempts
         WHERE network_id = $1 AND key_id = $2 AND lookup_hash <> $3
       )
       UPDATE ledger.key_attempts SET confirmed = true
       WHERE network_id = $1 AND key_id = $2 AND lookup_hash = $3`,
      [networkId, id, lookupHash],
    );
  }

  override async unconfirmed(
    at: Date,
    countMax: number,
  ): Promise<readonly Pick<KeySecretRecord, 'ring' | 'keyId' | 'lookupHash'>[]> {
    const rows = await this.database.query<
      (RingColumns & { key_id: string; lookup_hash: string })[]
    >(
      `SELECT ${ringColumns}, key_id, lookup_hash FROM ledger.key_attempts
       WHERE NOT confirmed AND kept_at <= $1 ORDER BY kept_at LIMIT $2`,
      [at, countMax],
    );
    return rows.map((row) => ({
      ring: ringOf(row),
      keyId: keyId(row.key_id),
      lookupHash: row.lookup_hash,
    }));
  }

  override async discard(networkId: NetworkId, id: KeyId, lookupHash: string): Promise<void> {
    await this.database.query(
      `DELETE FROM ledger.key_attempts
       WHERE network_id = $1 AND key_id = $2 AND lookup_hash = $3 AND NOT confirmed`,
      [networkId, id, lookupHash],
    );
  }

  override async restore(record: Omit<KeySecretRecord, 'sealed'>, at: Date): Promise<void> {
    const { ring } = record;
    await this.database.query(
      `INSERT INTO ledger.key_attempts (${ringColumns}, key_id, lookup_hash, expires_at, kept_at, confirmed)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true) ON CONFLICT DO NOTHING`,
      [
        ring.networkId,
        ring.portal,
        ring.holder.type,
        ring.holder.id,
        record.keyId,
        record.lookupHash,
        record.expiresAt,
        at,
      ],
    );
  }

  override async destroy(networkId: NetworkId, id: KeyId): Promise<void> {
    await this.database.query(
      `WITH secrets AS (
         DELETE FROM ledger.key_secrets WHERE network_id = $1 AND key_id = $2
       )
       UPDATE ledger.key_attempts SET expires_at = NULL
       WHERE network_id = $1 AND key_id = $2`,
      [networkId, id],
    );
  }

  override async locate(networkId: NetworkId, id: KeyId): Promise<RingId | undefined> {
    const [row] = await this.database.query<RingColumns[]>(
      `SELECT ${ringColumns} FROM ledger.key_attempts WHERE network_id = $1 AND key_id = $2
       LIMIT 1`,
      [networkId, id],
    );
    return row && ringOf(row);
  }

  override async ringsDue(at: Date, countMax: number): Promise<readonly RingId[]> {
    const rows = await this.database.query<RingColumns[]>(
      `SELECT DISTINCT ${ringColumns} FROM ledger.key_attempts
       WHERE confirmed AND expires_at <= $1 LIMIT $2`,
      [at, countMax],
    );
    return rows.map(ringOf);
  }
}

const bytes = (value: Uint8Array | undefined) => (value === undefined ? null : Buffer.from(value));
