import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDeadLetters1763800000500 implements MigrationInterface {
  readonly name = 'CreateDeadLetters1763800000500';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ledger.dead_letters (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        network_id bigint NOT NULL,
        credential_id uuid NOT NULL,
        kind text NOT NULL,
        partner_id bigint,
        pointer text NOT NULL,
        reason text NOT NULL,
        shape jsonb NOT NULL,
        pepper_id text NOT NULL,
        digest text NOT NULL,
        bytes integer NOT NULL,
        count integer NOT NULL DEFAULT 1,
        first_received_at timestamptz NOT NULL,
        last_received_at timestamptz NOT NULL,
        UNIQUE (network_id, kind, digest, pepper_id)
      );
      CREATE INDEX ON ledger.dead_letters (network_id, id DESC);
      GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.dead_letters TO keyledger_runtime;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ledger.dead_letters');
  }
}

/** One sequence over all networks told each of them how many letters the others had. */
export class NumberDeadLettersByNetwork1790000500000 implements MigrationInterface {
  readonly name = 'NumberDeadLettersByNetwork1790000500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ledger.dead_letter_numbers (
        network_id bigint PRIMARY KEY,
        last_number bigint NOT NULL
      );
      ALTER TABLE ledger.dead_letters ADD COLUMN number bigint;
      UPDATE ledger.dead_letters AS letter SET number = numbered.number
      FROM (
        SELECT id, row_number() OVER (PARTITION BY network_id ORDER BY id) AS number
        FROM ledger.dead_letters
      ) AS numbered
      WHERE letter.id = numbered.id;
      INSERT INTO ledger.dead_letter_numbers (network_id, last_number)
      SELECT network_id, max(number) FROM ledger.dead_letters GROUP BY network_id;
      ALTER TABLE ledger.dead_letters DROP COLUMN id, ADD PRIMARY KEY (network_id, number);
      GRANT SELECT, INSERT, UPDATE ON ledger.dead_letter_numbers TO keyledger_runtime;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ledger.dead_letters DROP COLUMN number;
      ALTER TABLE ledger.dead_letters ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
      CREATE INDEX ON ledger.dead_letters (network_id, id DESC);
      DROP TABLE ledger.dead_letter_numbers;
    `);
  }
}

export const partnersMigrations = [
  CreateDeadLetters1763800000500,
  NumberDeadLettersByNetwork1790000500000,
];
