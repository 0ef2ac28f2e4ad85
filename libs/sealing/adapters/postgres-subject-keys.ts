import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SubjectKey } from '../subject-keys.port.js';
import { SubjectKeyStore } from '../subject-keys.port.js';

interface SubjectKeyRow {
  readonly key_id: string;
  readonly wrapping_key_id: string;
  readonly wrapped_key: Uint8Array;
}

@Injectable()
export class PostgresSubjectKeys extends SubjectKeyStore {
  constructor(private readonly database: DataSource) {
    super();
  }

  override async find(subject: string): Promise<SubjectKey | undefined> {
    const [row] = await this.database.query<SubjectKeyRow[]>(
      'SELECT key_id, wrapping_key_id, wrapped_key FROM ledger.subject_keys WHERE subject = $1',
      [subject],
    );
    return (
      row && {
        keyId: row.key_id,
        wrappedKey: { keyId: row.wrapping_key_id, ciphertext: row.wrapped_key },
      }
    );
  }

  override async keep(subject: string, key: SubjectKey): Promise<SubjectKey> {
    await this.database.query(
      `INSERT INTO ledger.subject_keys (subject, key_id, wrapping_key_id, wrapped_key)
       VALUES ($1, $2, $3, $4) ON CONFLICT (subject) DO NOTHING`,
      [subject, key.keyId, key.wrappedKey.keyId, Buffer.from(key.wrappedKey.ciphertext)],
    );
    return (await this.find(subject)) ?? key;
  }

  override async erase(subject: string): Promise<void> {
    await this.database.query('DELETE FROM ledger.subject_keys WHERE subject = $1', [subject]);
  }
}
