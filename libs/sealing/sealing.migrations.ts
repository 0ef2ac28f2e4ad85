import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SealingKeys1790000300000 implements MigrationInterface {
  readonly name = 'SealingKeys1790000300000';

  async up(queries: QueryRunner): Promise<void> {
    await queries.query(`
      CREATE TABLE ledger.sealing_keys (
        kind text NOT NULL CHECK (kind IN ('wrapping', 'pepper')),
        id text NOT NULL,
        registered_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (kind, id)
      );
      CREATE TABLE ledger.subject_keys (
        subject text PRIMARY KEY,
        key_id uuid NOT NULL UNIQUE,
        wrapping_key_id text NOT NULL,
        wrapped_key bytea NOT NULL
      );
      GRANT SELECT, INSERT ON ledger.sealing_keys TO keyledger_runtime;
      GRANT SELECT, INSERT, DELETE ON ledger.subject_keys TO keyledger_runtime;
    `);
  }

  async down(queries: QueryRunner): Promise<void> {
    await queries.query('DROP TABLE ledger.subject_keys, ledger.sealing_keys');
  }
}

export const sealingMigrations = [SealingKeys1790000300000];
