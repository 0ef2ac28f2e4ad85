import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { DeadLetter } from '../ports/dead-letters.port.js';
import { DEAD_LETTERS_PER_NETWORK_MAX, DeadLetters } from '../ports/dead-letters.port.js';

const COUNT_MAX = 2_147_483_647;
const ONE_MORE = `least(letter.count::bigint + 1, ${String(COUNT_MAX)})::integer`;

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
      `WITH counted AS (
         UPDATE ledger.dead_letters AS letter
         SET count = ${ONE_MORE}, last_received_at = greatest(letter.last_received_at, $11)
         WHERE network_id = $1 AND kind = $3 AND digest = ANY($12)
         RETURNING 1
       ),
       numbered AS (
         INSERT INTO ledger.dead_letter_numbers AS numbers (network_id, last_number)
         SELECT $1::bigint, 1 WHERE NOT EXISTS (SELECT FROM counted)
         ON CONFLICT (network_id) DO UPDATE SET last_number = numbers.last_number + 1
         RETURNING last_number
       )
       INSERT INTO ledger.dead_letters AS letter
         (network_id, credential_id, kind, partner_id, pointer, reason, shape, pepper_id, digest, bytes,
          first_received_at, last_received_at, number)
       SELECT $1::bigint, $2::uuid, $3::text, $4::bigint, $5, $6, $7::jsonb, $8, $9, $10::integer,
              $11::timestamptz, $11, last_number
       FROM numbered
       ON CONFLICT (network_id, kind, digest, pepper_id) DO UPDATE
         SET count = ${ONE_MORE},
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
        [digest, ...(letter.olderDigests ?? [])],
      ],
    );
    await this.dataSource.query(
      `DELETE FROM ledger.dead_letters
       WHERE network_id = $1 AND number <= (
         SELECT number FROM ledger.dead_letters WHERE network_id = $1
         ORDER BY number DESC OFFSET $2 LIMIT 1)`,
      [networkId, DEAD_LETTERS_PER_NETWORK_MAX],
    );
  }
}
