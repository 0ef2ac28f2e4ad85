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

export const partnersMigrations = [CreateDeadLetters1763800000500];
