import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the engine keeps beside the log; `read` belongs to the runtime role, which creates projection tables in it. */
export class CreateProjectionTables1763800000300 implements MigrationInterface {
  readonly name = 'CreateProjectionTables1763800000300';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA IF NOT EXISTS read');
    await runner.query(`
      CREATE TABLE ledger.checkpoints (
        name text NOT NULL,
        build text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('projection', 'process')),
        version integer NOT NULL,
        tables text[] NOT NULL DEFAULT '{}',
        resume_position bigint,
        events_seen bigint NOT NULL DEFAULT 0,
        log_id uuid,
        handled_position bigint,
        handled_event_id uuid,
        handled_at timestamptz,
        indexed boolean NOT NULL DEFAULT false,
        runner text,
        epoch bigint NOT NULL DEFAULT 0,
        lease_until timestamptz,
        failed_position bigint,
        failed_event_id uuid,
        failed_event_type text,
        failure text,
        failed_at timestamptz,
        PRIMARY KEY (name, build)
      ) WITH (fillfactor = 50)`);
    await runner.query(`
      CREATE TABLE ledger.projections (
        name text PRIMARY KEY,
        build text NOT NULL,
        previous_build text,
        held_back text,
        switched_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE ledger.log_times (
        position bigint PRIMARY KEY,
        recorded_at_max timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX log_times_by_time ON ledger.log_times (recorded_at_max)');
    await runner.query(`
      CREATE TABLE ledger.event_readers (
        reader text PRIMARY KEY,
        types jsonb NOT NULL,
        seen_at timestamptz NOT NULL
      )`);
    await runner.query('GRANT USAGE, CREATE ON SCHEMA read TO keyledger_runtime');
    await runner.query(`
      GRANT SELECT, INSERT, UPDATE, DELETE
      ON ledger.checkpoints, ledger.projections, ledger.log_times, ledger.event_readers
      TO keyledger_runtime`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE ledger.event_readers, ledger.log_times, ledger.projections, ledger.checkpoints',
    );
  }
}
