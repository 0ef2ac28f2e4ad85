import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { DeadLetter } from '../ports/dead-letters.port.js';
import { DEAD_LETTERS_PER_NETWORK_MAX, DeadLetters } from '../ports/dead-letters.port.js';

const COUNT_MAX = 2_147_483_647;

/** Table `ledger.dead_letters`. */
@Injectable()
export class PostgresDeadLetters extends DeadLetters {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async keep(letter: DeadLetter): Promise<void> {
    const { networkId, credentialId, kind, partnerId, pointer, reason } = letter;
    const { shape, pepperId, digest, bytes, receivedAt } = letter;
    await this.dataSource.query(
      `INSERT INTO ledger.dead_letters AS letter
         (network_id, credential_id, kind, partner_id, pointer, reason, shape, pepper_id, digest, bytes,
          first_received_at, last_received_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $11)
       ON CONFLICT (network_id, kind, digest, pepper_id) DO UPDATE
         SET count = least(letter.count::bigint + 1, ${String(COUNT_MAX)})::integer,
             last_received_at = greatest(letter.last_received_at, excluded.last_received_at)`,
      [
        networkId,
        credentialId,
        kind,
        partnerId,
        pointer,
        reason,
        JSON.stringify(shape),
        pepperId,
        digest,
        bytes,
        receivedAt,
      ],
    );
    await this.dataSource.query(
      `DELETE FROM ledger.dead_letters
       WHERE network_id = $1 AND id <= (
         SELECT id FROM ledger.dead_letters WHERE network_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)`,
      [networkId, DEAD_LETTERS_PER_NETWORK_MAX],
    );
  }
}
