import { describe, expect, it } from '@jest/globals';
import type { Position, RecordedEvent } from '#event-store';
import type { Checkpoints, Lease, Progress } from '../checkpoints/checkpoints.js';
import { FILL_BATCH_BYTES } from '../limits.js';
import { Mutex } from '../checkpoints/mutex.js';
import type { ProjectionTable } from '../projection.js';
import { ProjectionFill } from './projection-fill.js';
import { compileTables } from '../tables/table-schema.js';

/** How often a fill has written after each of so many portions of one large event each. */
async function writesAfter(portions: number, table: Partial<ProjectionTable>): Promise<number[]> {
  const projection = {
    name: 'ids',
    version: 1,
    handles: '*',
    tables: { ids: { columns: { id: 'bigint' }, key: ['id'], ...table } },
    apply: (event: RecordedEvent) => [{ table: 'ids', insert: { id: event.position } }],
  } as const;
  const to: Progress[] = [];
  const checkpoints = {
    fillWrites: new Mutex(),
    transact: (_: Lease, progress: Progress) => {
      to.push(progress);
      return Promise.resolve();
    },
  } as unknown as Checkpoints;
  const fill = new ProjectionFill({
    ...{ projection, tables: compileTables(projection), applies: () => true, build: 'v1' },
    ...{ fromTheStart: true, rowsRememberedMax: 10, checkpoints, lease: {} as Lease },
    signal: new AbortController().signal,
  });
  const writes: number[] = [];
  for (let at = 1; at <= portions; at += 1) {
    const event = { position: BigInt(at) as Position, type: 'T' } as RecordedEvent;
    await fill.take([event], { resume: event.position } as Progress, FILL_BATCH_BYTES / 2);
    writes.push(to.length);
  }
  return writes;
}

describe('a fill', () => {
  it('writes before the events that it has to keep become too large', async () => {
    await expect(writesAfter(4, {})).resolves.toEqual([0, 1, 1, 2]);
  });

  it.each([{ grows: true }, { history: true }])(
    'goes on gathering however large the events are that it need not keep: %j',
    async (table) => {
      await expect(writesAfter(4, table)).resolves.toEqual([0, 0, 0, 0]);
    },
  );
});
