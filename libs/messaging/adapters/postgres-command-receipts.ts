import type { DataSource } from 'typeorm';
import type { CommandReceipt, RememberedOutcome } from '../ports/command-receipts.port.js';
import {
  CommandReceipts,
  RECEIPTS_KEPT_MS,
  RECEIPTS_SWEEP_BATCH,
} from '../ports/command-receipts.port.js';

interface ReceiptRow {
  readonly request_hash: string;
  readonly outcome: RememberedOutcome | null;
  readonly fresh: boolean;
}

/** Table `ledger.command_receipts`. */
export class PostgresCommandReceipts extends CommandReceipts {
  constructor(private readonly database: Pick<DataSource, 'query'>) {
    super();
  }

  override async begin(
    commandId: string,
    requestHash: string,
    now: Date,
  ): Promise<CommandReceipt | undefined> {
    const expired = new Date(now.getTime() - RECEIPTS_KEPT_MS);
    const parameters = [commandId, requestHash, now.toISOString(), expired.toISOString()];
    let row: ReceiptRow | undefined;
    // A statement does not see what another one committed after it began, and the insert then stores nothing: look again.
    for (let look = 0; look < 2 && !row; look += 1)
      [row] = await this.database.query<ReceiptRow[]>(BEGIN, parameters);
    if (!row) throw new TypeError(`no receipt of command ${commandId}`);
    if (row.fresh) return undefined;
    return {
      requestHash: row.request_hash,
      ...(row.outcome === null ? {} : { outcome: row.outcome }),
    };
  }

  override async remember(commandId: string, outcome: RememberedOutcome): Promise<void> {
    await this.database.query(
      'UPDATE ledger.command_receipts SET outcome = $2::json WHERE command_id = $1 AND outcome IS NULL',
      [commandId, JSON.stringify(outcome)],
    );
  }

  override async sweep(before: Date): Promise<void> {
    for (;;) {
      const rows = await this.database.query<unknown[]>(SWEEP, [
        before.toISOString(),
        RECEIPTS_SWEEP_BATCH,
      ]);
      if (rows.length < RECEIPTS_SWEEP_BATCH) return;
    }
  }
}

const BEGIN = `
  WITH begun AS (
    INSERT INTO ledger.command_receipts (command_id, request_hash, began_at)
    VALUES ($1, $2, $3)
    ON CONFLICT (command_id) DO UPDATE
      SET request_hash = excluded.request_hash, began_at = excluded.began_at, outcome = NULL
      WHERE command_receipts.began_at <= $4
    RETURNING request_hash, outcome
  )
  SELECT request_hash, outcome, true AS fresh FROM begun
  UNION ALL
  SELECT request_hash, outcome, false FROM ledger.command_receipts
  WHERE command_id = $1 AND NOT EXISTS (SELECT FROM begun)`;

const SWEEP = `
  WITH gone AS (
    DELETE FROM ledger.command_receipts WHERE command_id IN (
      SELECT command_id FROM ledger.command_receipts WHERE began_at < $1 LIMIT $2
    ) RETURNING 1
  )
  SELECT 1 FROM gone`;
