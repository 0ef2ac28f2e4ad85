import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SealingKeyKind } from '../sealing-keys.port.js';
import { SealingKeyRegistry } from '../sealing-keys.port.js';

@Injectable()
export class PostgresSealingKeyRegistry extends SealingKeyRegistry {
  constructor(private readonly database: DataSource) {
    super();
  }

  override async ids(): Promise<readonly { readonly kind: SealingKeyKind; readonly id: string }[]> {
    return this.database.query<{ kind: SealingKeyKind; id: string }[]>(
      'SELECT kind, id FROM ledger.sealing_keys ORDER BY kind, id',
    );
  }

  override async registerFirst(
    keys: readonly { readonly kind: SealingKeyKind; readonly id: string }[],
  ): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      await transaction.query('SELECT pg_advisory_xact_lock($1)', [REGISTRY_LOCK]);
      const there = await transaction.query<unknown[]>('SELECT 1 FROM ledger.sealing_keys LIMIT 1');
      if (there.length > 0) return false;
      for (const { kind, id } of keys)
        await transaction.query('INSERT INTO ledger.sealing_keys (kind, id) VALUES ($1, $2)', [
          kind,
          id,
        ]);
      return true;
    });
  }

  override async registerMore(
    keys: readonly { readonly kind: SealingKeyKind; readonly id: string }[],
  ): Promise<void> {
    for (const { kind, id } of keys)
      await this.database.query(
        'INSERT INTO ledger.sealing_keys (kind, id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        [kind, id],
      );
  }
}

/** Two processes that start at once on an empty ledger register one set of keys. */
const REGISTRY_LOCK = 7_236_001;
