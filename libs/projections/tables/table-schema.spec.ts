import { describe, expect, it } from '@jest/globals';
import type { ProjectionTable } from '../projection.js';
import { compileTable, createIndexSql, createTablesSql, indexesOf } from './table-schema.js';

const columns = { id: 'integer', at: 'bigint', note: 'text null' } as const;

describe('a table', () => {
  it.each<[string, ProjectionTable]>([
    ['without a key', { columns, key: [] }],
    ['with a key that may be null', { columns, key: ['note'] }],
    ['with a key that it has no column for', { columns, key: ['other'] }],
    [
      'with a column of the engine',
      { columns: { from_position: 'bigint' }, key: ['from_position'] },
    ],
    ['that only grows and has a history', { columns, key: ['id'], grows: true, history: true }],
    ['whose key comes in order though rows change', { columns, key: ['id'], keyInOrder: true }],
    [
      'with an index in order though rows change',
      { columns, key: ['id'], history: true, indexes: [{ columns: ['at'], inOrder: true }] },
    ],
    [
      'with a hash of a number in an index',
      { columns, key: ['id'], grows: true, indexes: [{ columns: ['at'], hashed: true }] },
    ],
    [
      'with a hash in an index though rows change',
      { columns, key: ['id'], indexes: [{ columns: ['note'], hashed: true }] },
    ],
    [
      'with a hash in an index that lets nothing in twice',
      {
        columns,
        key: ['id'],
        grows: true,
        indexes: [{ columns: ['note'], hashed: true, unique: true }],
      },
    ],
  ])('%s is refused', (_, table) => {
    expect(() => compileTable('things', table)).toThrow(TypeError);
  });

  it('has a hash of the text in an index that says so', () => {
    const table = compileTable('things', {
      columns,
      key: ['id'],
      grows: true,
      indexes: [{ columns: ['note', 'at'], hashed: true }],
    });
    expect(indexesOf([table], 'v1').slice(1).map(createIndexSql)).toEqual([
      'CREATE INDEX IF NOT EXISTS things_v1_i0 ON read.things_v1 USING btree (hashtext(note), at)',
    ]);
  });

  it('is made with the indexes only that come in order', () => {
    const table = compileTable('things', {
      columns,
      key: ['at'],
      keyInOrder: true,
      grows: true,
      indexes: [
        { columns: ['note'] },
        { columns: ['id', 'at'], inOrder: true },
        { columns: ['at'], where: 'note IS NULL', inOrder: true },
      ],
    });
    expect(createTablesSql([table], 'v1').slice(1)).toEqual([
      'CREATE UNIQUE INDEX IF NOT EXISTS things_v1_key ON read.things_v1 (at)',
      'CREATE INDEX IF NOT EXISTS things_v1_i1 ON read.things_v1 USING btree (id, at)',
      'CREATE INDEX IF NOT EXISTS things_v1_i2 ON read.things_v1 USING btree (at) WHERE note IS NULL',
    ]);
  });
});
