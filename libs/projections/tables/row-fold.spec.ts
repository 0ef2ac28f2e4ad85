import { describe, expect, it } from '@jest/globals';
import type { Projection } from '#projections';
import { projectionSpec, recordedEvents } from '../testing/index.js';
import { ProjectedTables } from '../testing/projection-spec.js';

const joined = (one: unknown, other: unknown) =>
  [one, other].filter((part): part is string => typeof part === 'string').join('+');

const LABELS: Projection = {
  name: 'labels',
  version: 1,
  handles: ['Named', 'Dropped', 'Noted', 'Broken'],
  tables: {
    labels: {
      columns: {
        network_id: 'integer',
        id: 'bigint',
        label: 'text',
        tags: 'text[] null',
        extra: 'jsonb null',
      },
      key: ['network_id', 'id'],
      history: true,
    },
    notes: { columns: { at: 'bigint', note: 'text' }, key: ['at'] },
  },
  apply: (event) => {
    const data = event.data as { id: number; label?: string };
    const key = { network_id: 1, id: BigInt(data.id) };
    switch (event.type) {
      case 'Named':
        return [
          {
            table: 'labels',
            key,
            change: (before) => ({
              ...before,
              label: joined(before?.['label'], data.label),
            }),
          },
        ];
      case 'Dropped':
        return [{ table: 'labels', key, change: () => null }];
      case 'Noted':
        return [{ table: 'notes', insert: { at: event.position, note: data.label ?? '' } }];
      default:
        return [{ table: 'labels', key, change: () => ({ lable: 'x' }) }];
    }
  },
};

const named = (id: number, label: string) => ({ type: 'Named', data: { id, label } });

describe('a batch folded over rows', () => {
  it('applies changes in order, each on the row that the one before left', () => {
    projectionSpec(LABELS)
      .given([named(1, 'a'), named(2, 'x'), named(1, 'b')])
      .thenRows('labels', [
        { id: 1n, label: 'a+b', from_position: 3n, born_position: 1n },
        { id: 2n, label: 'x', from_position: 2n, born_position: 2n },
      ]);
  });

  it('keeps every version of a row, and where it appeared again', () => {
    projectionSpec(LABELS)
      .given([named(1, 'a'), { type: 'Dropped', data: { id: 1 } }, named(1, 'b'), named(1, 'c')])
      .thenHistory('labels', [
        { label: 'a', from_position: 1n, born_position: 1n, deleted: false },
        { from_position: 2n, born_position: 1n, deleted: true },
        { label: 'b', from_position: 3n, born_position: 3n, deleted: false },
        { label: 'b+c', from_position: 4n, born_position: 3n, deleted: false },
      ]);
  });

  it('leaves out what the projection does not handle', () => {
    projectionSpec(LABELS)
      .given([{ type: 'Elsewhere', data: { id: 1 } }])
      .thenRows('labels', []);
  });

  it('replaces what PostgreSQL cannot hold instead of stopping on it', () => {
    projectionSpec(LABELS)
      .given([named(1, 'a\u0000\ud800'), { type: 'Noted', data: { id: 1, label: '\t' } }])
      .thenRows('labels', [{ label: 'a\ufffd\ufffd' }]);
  });

  it('names the column that the projection wrote and its table does not have', () => {
    expect(() => projectionSpec(LABELS).given([{ type: 'Broken', data: { id: 1 } }])).toThrow(
      /column label of labels has no value|has no column lable/,
    );
  });

  it('applies an event once however often it arrives', () => {
    const events = recordedEvents([named(1, 'a'), named(1, 'b')]);
    const tables = new ProjectedTables(LABELS);
    tables.apply(events);
    tables.apply(events);
    expect(tables.rows('labels')).toMatchObject([{ label: 'a+b' }]);
  });

  it('fails a case whose outcome hangs on how the events were batched', () => {
    let calls = 0;
    const impure: Projection = {
      ...LABELS,
      apply: (event) => [
        { table: 'notes', insert: { at: event.position, note: String((calls += 1)) } },
      ],
    };
    expect(() => {
      projectionSpec(impure)
        .given([named(1, 'a')])
        .thenRows('notes', [{ note: '1' }]);
    }).toThrow();
  });
});
