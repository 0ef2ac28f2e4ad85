import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { keyId, shareId } from '#kernel';
import type { KeyId, NetworkId, ShareId } from '#kernel';
import type { ShareBound } from '../domain/key-ring.events.js';
import type { RingId } from '../domain/portal.value.js';
import type { ShareRecord } from '../ports/share-store.port.js';
import { PASSPHRASE_TRIES_MAX, ShareStore } from '../ports/share-store.port.js';
import type { RingColumns } from './ring-columns.js';
import { ringColumns, ringOf } from './ring-columns.js';

interface ShareColumns extends RingColumns {
  readonly share_id: string;
  readonly key_id: string;
  readonly token_hash: string;
  readonly pepper_id: string;
  readonly bound: ShareBound;
  readonly passphrase_hash: string | null;
  readonly expires_at: string | Date;
}

const shareColumns = `${ringColumns}, share_id, key_id, token_hash, pepper_id, bound, passphrase_hash, expires_at`;

@Injectable()
export class PostgresShares extends ShareStore {
  constructor(private readonly database: DataSource) {
    super();
  }

  override async keep(record: ShareRecord, at: Date): Promise<void> {
    await this.database.query(
      `INSERT INTO ledger.share_secrets (${shareColumns}, kept_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [...columnsOf(record, at)],
    );
  }

  override async confirm(networkId: NetworkId, id: ShareId, tokenHash: string): Promise<void> {
    await this.database.query(
      `WITH others AS (
         DELETE FROM ledger.share_secrets
         WHERE network_id = $1 AND share_id = $2 AND token_hash <> $3
       )
       UPDATE ledger.share_secrets SET confirmed = true
       WHERE network_id = $1 AND share_id = $2 AND token_hash = $3`,
      [networkId, id, tokenHash],
    );
  }

  override async unconfirmed(at: Date, countMax: number): Promise<readonly ShareRecord[]> {
    const rows = await this.database.query<ShareColumns[]>(
      `SELECT ${shareColumns} FROM ledger.share_secrets
       WHERE NOT confirmed AND kept_at <= $1 ORDER BY kept_at LIMIT $2`,
      [at, countMax],
    );
    return rows.map(recordOf);
  }

  override async discard(networkId: NetworkId, id: ShareId, tokenHash: string): Promise<void> {
    await this.database.query(
      `DELETE FROM ledger.share_secrets
       WHERE network_id = $1 AND share_id = $2 AND token_hash = $3 AND NOT confirmed`,
      [networkId, id, tokenHash],
    );
  }

  override async findByToken(...tokenHashes: readonly string[]): Promise<ShareRecord | undefined> {
    const [row] = await this.database.query<ShareColumns[]>(
      `SELECT ${shareColumns} FROM ledger.share_secrets WHERE token_hash = ANY($1)`,
      [tokenHashes],
    );
    return row && recordOf(row);
  }

  override async locate(
    networkId: NetworkId,
    id: ShareId,
  ): Promise<{ readonly ring: RingId; readonly keyId: KeyId } | undefined> {
    const [row] = await this.database.query<(RingColumns & { key_id: string })[]>(
      `SELECT ${ringColumns}, key_id FROM ledger.share_secrets
       WHERE network_id = $1 AND share_id = $2 LIMIT 1`,
      [networkId, id],
    );
    return row && { ring: ringOf(row), keyId: keyId(row.key_id) };
  }

  override async restore(record: Omit<ShareRecord, 'passphraseHash'>, at: Date): Promise<void> {
    await this.database.query(
      `INSERT INTO ledger.share_secrets (${shareColumns}, kept_at, confirmed)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true) ON CONFLICT DO NOTHING`,
      [...columnsOf({ ...record, passphraseHash: null }, at)],
    );
  }

  override async countTry(networkId: NetworkId, id: ShareId): Promise<number | undefined> {
    // The row lock of the update lets tries at the same time through one after the other.
    const [row] = await this.database.query<{ tries: number | null }[]>(
      `WITH counted AS (
         UPDATE ledger.share_secrets SET tries = tries + 1
         WHERE network_id = $1 AND share_id = $2 AND tries < $3 RETURNING tries
       )
       SELECT max(tries)::int AS tries FROM counted`,
      [networkId, id, PASSPHRASE_TRIES_MAX],
    );
    return row?.tries ?? undefined;
  }

  override async forgiveTry(networkId: NetworkId, id: ShareId): Promise<void> {
    await this.database.query(
      `UPDATE ledger.share_secrets SET tries = tries - 1
       WHERE network_id = $1 AND share_id = $2 AND tries > 0`,
      [networkId, id],
    );
  }

  override async destroy(networkId: NetworkId, id: ShareId): Promise<void> {
    await this.database.query(
      `UPDATE ledger.share_secrets SET passphrase_hash = NULL, destroyed = true
       WHERE network_id = $1 AND share_id = $2`,
      [networkId, id],
    );
  }

  override async ringsDue(at: Date, countMax: number): Promise<readonly RingId[]> {
    const rows = await this.database.query<RingColumns[]>(
      `SELECT DISTINCT ${ringColumns} FROM ledger.share_secrets
       WHERE confirmed AND NOT destroyed AND expires_at <= $1 LIMIT $2`,
      [at, countMax],
    );
    return rows.map(ringOf);
  }
}

function recordOf(row: ShareColumns): ShareRecord {
  return {
    ring: ringOf(row),
    shareId: shareId(row.share_id),
    keyId: keyId(row.key_id),
    bound: row.bound,
    tokenHash: row.token_hash,
    pepperId: row.pepper_id,
    passphraseHash: row.passphrase_hash,
    expiresAt: new Date(row.expires_at).toISOString(),
  };
}

function columnsOf({ ring, ...record }: ShareRecord, at: Date): readonly unknown[] {
  return [
    ring.networkId,
    ring.portal,
    ring.holder.type,
    ring.holder.id,
    record.shareId,
    record.keyId,
    record.tokenHash,
    record.pepperId,
    record.bound,
    record.passphraseHash,
    record.expiresAt,
    at,
  ];
}
