import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CommandReceipts1763800000001 implements MigrationInterface {
  readonly name = 'CommandReceipts1763800000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ledger.command_receipts (
        command_id uuid PRIMARY KEY,
        request_hash text NOT NULL,
        began_at timestamptz NOT NULL,
        outcome json
      )`);
    await runner.query('CREATE INDEX ON ledger.command_receipts (began_at)');
    await runner.query(
      'GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.command_receipts TO keyledger_runtime',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ledger.command_receipts');
  }
}
