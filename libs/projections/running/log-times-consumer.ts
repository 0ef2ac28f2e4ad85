import { LOG_TIMES } from '../reading/as-of.js';
import type { Checkpoints, ConsumerId, Lease } from '../checkpoints/checkpoints.js';
import type { Batch, Consumer } from './consumer.js';
import { insertRows } from '../tables/projection-writes.js';
import type { Column } from '../tables/table-schema.js';

const COLUMNS: readonly Column[] = [
  { name: 'position', type: 'bigint', nullable: false },
  { name: 'recorded_at_max', type: 'timestamptz', nullable: false },
];

/** The running maximum of `recordedAt`: one row where it rises, so that a time becomes a position. */
export class LogTimesConsumer implements Consumer {
  readonly id: ConsumerId = {
    name: LOG_TIMES,
    build: 'v1',
    kind: 'projection',
    version: 1,
    tables: [],
  };

  constructor(readonly checkpoints: Checkpoints) {}

  handles(): boolean {
    return true;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async handle(batch: Batch, lease: Lease): Promise<void> {
    await this.checkpoints.transact(lease, batch.end, async (client) => {
      const { rows } = await client.query<{ recorded_at_max: string }>(
        'SELECT recorded_at_max FROM ledger.log_times ORDER BY recorded_at_max DESC LIMIT 1',
      );
      let most = rows[0]?.recorded_at_max ?? '';
      const risen = batch.events.flatMap(({ position, metadata: { recordedAt } }) => {
        if (recordedAt <= most) return [];
        most = recordedAt;
        return [{ position, recorded_at_max: recordedAt }];
      });
      await insertRows(client, 'ledger.log_times', COLUMNS, risen);
    });
  }

  settle(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
