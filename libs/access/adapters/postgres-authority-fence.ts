import { Injectable } from '@nestjs/common';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import type { NetworkId } from '#kernel';
import type { Position } from '#event-store';
import { AuthorityFence } from '../ports/authority-fence.port.js';

/** In the database that every node's guard reads (the primary, not a replica that may be behind). */
@Injectable()
export class PostgresAuthorityFence extends AuthorityFence {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async raise(networkId: NetworkId, position: Position): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO ledger.authority_fences AS f (network_id, position) VALUES ($1, $2)
       ON CONFLICT (network_id) DO UPDATE SET position = excluded.position WHERE f.position < excluded.position`,
      [networkId, String(position)],
    );
  }
}

export class CreateAuthorityFences1763800000700 implements MigrationInterface {
  readonly name = 'CreateAuthorityFences1763800000700';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS ledger`);
    await runner.query(
      `CREATE TABLE ledger.authority_fences (network_id bigint PRIMARY KEY, position bigint NOT NULL)`,
    );
    await runner.query(
      `GRANT SELECT, INSERT, UPDATE ON ledger.authority_fences TO keyledger_runtime`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ledger.authority_fences`);
  }
}

export const accessMigrations = [CreateAuthorityFences1763800000700];
