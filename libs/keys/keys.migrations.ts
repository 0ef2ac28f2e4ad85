import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KeySecrets1790000400000 implements MigrationInterface {
  readonly name = 'KeySecrets1790000400000';

  async up(queries: QueryRunner): Promise<void> {
    await queries.query(`
      -- Which ring a key is in; one row an attempt to issue it, until one is confirmed.
      CREATE TABLE ledger.key_attempts (
        network_id bigint NOT NULL,
        key_id uuid NOT NULL,
        lookup_hash text NOT NULL,
        portal text NOT NULL,
        holder_type text NOT NULL,
        holder_id bigint NOT NULL,
        expires_at timestamptz,
        kept_at timestamptz NOT NULL,
        confirmed boolean NOT NULL DEFAULT false,
        PRIMARY KEY (network_id, key_id, lookup_hash)
      );
      CREATE INDEX ON ledger.key_attempts (kept_at) WHERE NOT confirmed;
      CREATE INDEX ON ledger.key_attempts (expires_at) WHERE confirmed AND expires_at IS NOT NULL;

      CREATE TABLE ledger.key_secrets (
        network_id bigint NOT NULL,
        key_id uuid NOT NULL,
        lookup_hash text NOT NULL,
        wrapping_key_id text NOT NULL,
        wrapped_key bytea NOT NULL,
        iv bytea NOT NULL,
        ciphertext bytea NOT NULL,
        tag bytea NOT NULL,
        PRIMARY KEY (network_id, key_id, lookup_hash),
        FOREIGN KEY (network_id, key_id, lookup_hash) REFERENCES ledger.key_attempts
          ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
      );

      CREATE TABLE ledger.share_secrets (
        network_id bigint NOT NULL,
        share_id uuid NOT NULL,
        token_hash text NOT NULL UNIQUE,
        pepper_id text NOT NULL,
        key_id uuid NOT NULL,
        portal text NOT NULL,
        holder_type text NOT NULL,
        holder_id bigint NOT NULL,
        bound text NOT NULL,
        passphrase_hash text,
        tries integer NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL,
        kept_at timestamptz NOT NULL,
        confirmed boolean NOT NULL DEFAULT false,
        destroyed boolean NOT NULL DEFAULT false,
        PRIMARY KEY (network_id, share_id, token_hash)
      );
      CREATE INDEX ON ledger.share_secrets (kept_at) WHERE NOT confirmed;
      CREATE INDEX ON ledger.share_secrets (expires_at) WHERE confirmed AND NOT destroyed;

      GRANT SELECT, INSERT, UPDATE, DELETE
        ON ledger.key_attempts, ledger.key_secrets, ledger.share_secrets TO keyledger_runtime;
    `);
  }

  async down(queries: QueryRunner): Promise<void> {
    await queries.query('DROP TABLE ledger.share_secrets, ledger.key_secrets, ledger.key_attempts');
  }
}

export const keysMigrations = [KeySecrets1790000400000];
