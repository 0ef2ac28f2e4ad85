import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { BinaryCopy } from './binary-copy.js';
import { COPY_ROWS_MIN } from '../limits.js';
import type { ColumnType, ColumnValue, Row } from '../projection.js';
import { insertRows } from './projection-writes.js';
import { normalisedRow, RowShapeError } from './row-values.js';
import { createRunnerPool } from '../checkpoints/runner-pool.js';
import { compileTable } from './table-schema.js';
import { testDatabase } from '#test/postgres';

const COLUMNS = {
  id: 'integer',
  large: 'bigint null',
  flag: 'boolean null',
  words: 'tsvector null',
  json: 'json null',
  jsonb: 'jsonb null',
  label: 'text null',
  at: 'timestamptz null',
  uuid: 'uuid null',
  tags: 'text[] null',
} as const satisfies Record<string, ColumnType | `${ColumnType} null`>;
const TABLE = compileTable('values', { columns: COLUMNS, key: ['id'] });

const JSON_VALUES = [
  'text',
  1.5,
  true,
  [],
  { b: [1, { c: null }], a: 'é"\\\n', z: '\u0000\ud800', '\u0000': 1 },
  { deep: 'y'.repeat(300_000) },
];
const VALUES: Readonly<Record<string, readonly ColumnValue[]>> = {
  id: [-(2 ** 31) + 1, -1],
  large: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 42],
  flag: [true, false],
  words: [[], ['b', 'a'], ["it's", 'back\\slash', 'über', '漢字', '\u0000x'], ['x'.repeat(2_000)]],
  json: JSON_VALUES,
  jsonb: JSON_VALUES,
  label: ['', ' ', '\\N', '\t\r\n\\', 'a\u0000b\ud800', '漢'.repeat(100_000), '😀'],
  at: [
    '2026-11-22T17:00:00.123Z',
    '2024-02-29T23:59:59.999Z',
    '1999-12-31T23:59:59.999Z',
    '1969-07-20T20:17:40.000Z',
    '0099-01-01T00:00:00.000Z',
    '2026-11-22T17:00:00+05:30',
    // Centuries away, and beyond four digits.
    '1582-10-10T10:10:10.101Z',
    '9999-12-31T23:59:59.999Z',
    '+010000-02-03T04:05:06.007Z',
    '+275760-09-13T00:00:00.000Z',
    '0000-12-31T00:00:00.000Z',
    '-000001-03-04T05:06:07.008Z',
    // Written oddly.
    '2026-01-01T24:00:00.000Z',
    '2024-02-30T00:00:00.000Z',
  ],
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-abcd-4ef0-9876-543210fedcba'],
  tags: [[], [''], ['a', 'b,c', '"q"', '\\', '{}', 'NULL', 'é\u0000'], ['t'.repeat(70_000)]],
};

let pool: pg.Pool;
let database: Awaited<ReturnType<typeof testDatabase>>;

beforeAll(async () => {
  database = await testDatabase();
  pool = createRunnerPool({ connectionString: database.url, role: null });
  const columns = TABLE.stored.map(({ name, type }) => `${name} ${type}`).join(', ');
  for (const name of ['by_copy', 'by_text']) await pool.query(`CREATE TABLE ${name} (${columns})`);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** One row for each value, all else empty; the last one has the first value of each column. */
const GIVEN: readonly Row[] = [
  ...Object.entries(VALUES).flatMap(([name, values]) => values.map((value) => ({ [name]: value }))),
  Object.fromEntries(Object.entries(VALUES).map(([name, [first]]) => [name, first ?? null])),
].map((given, id) => ({ id, ...given }));
const ROWS: readonly Row[] = GIVEN.map((given, id) => ({
  ...normalisedRow(TABLE, { id }, given),
  from_position: BigInt(id),
}));

const REFUSED: readonly Row[] = [
  {},
  { id: null },
  { id: 1.5 },
  { id: 2 ** 31 },
  { id: '1' },
  { id: 1, large: 0.5 },
  { id: 1, flag: 'true' },
  { id: 1, words: 'word' },
  { id: 1, words: [1] },
  { id: 1, json: 1n },
  { id: 1, jsonb: 1n },
  { id: 1, label: 1 },
  { id: 1, label: ['x'] },
  { id: 1, at: 'yesterday' },
  { id: 1, at: 0 },
  { id: 1, uuid: 'FFFFFFFF-ABCD-4EF0-9876-543210FEDCBA' },
  { id: 1, uuid: 'ffffffff-abcd-4ef0-9876-543210fedcb' },
  { id: 1, uuid: 'ffffffff-abcd-4ef0-9876-543210fedcbg' },
  { id: 1, uuid: 'ffffffffaabcd-4ef0-9876-543210fedcba' },
  { id: 1, uuid: 'ffffffff-abcd-4ef0-9876-543210fedcb\u1234' },
  { id: 1, tags: ['x', 1] },
  { id: 1, lable: 'x' },
];

describe('a binary COPY', () => {
  it('stores every type of column as its text form is stored', async () => {
    expect(ROWS.length).toBeLessThan(COPY_ROWS_MIN);
    // Enough for several pieces.
    const many = Array.from({ length: 4 * COPY_ROWS_MIN }, (_, n) => ROWS[n % ROWS.length] ?? {});
    const client = await pool.connect();
    try {
      await insertRows(client, 'by_copy', TABLE.stored, many);
      for (const row of many) await insertRows(client, 'by_text', TABLE.stored, [row]);
    } finally {
      client.release();
    }
    // Text of `json` is kept as it is: to be compared letter by letter.
    const columns = TABLE.stored
      .map(({ name, type }) => (type === 'json' ? `${name}::text` : name))
      .join(', ');
    const { rows } = await pool.query<{ there: bigint; different: bigint }>(
      `SELECT (SELECT count(*) FROM by_copy) AS there, count(*) AS different FROM (
         (SELECT ${columns} FROM by_copy EXCEPT ALL SELECT ${columns} FROM by_text)
         UNION ALL (SELECT ${columns} FROM by_text EXCEPT ALL SELECT ${columns} FROM by_copy)) d`,
    );
    expect(rows).toEqual([{ there: BigInt(many.length), different: 0n }]);
  });

  it('makes of a row as it was given what it makes of the normal one, and refuses the same', () => {
    const bytesOf = (fill: (copy: BinaryCopy) => void) => {
      const copy = new BinaryCopy(TABLE.stored);
      fill(copy);
      return Buffer.concat([...copy.pieces()]).toString('hex');
    };
    for (const [id, given] of GIVEN.entries()) {
      const normal = ROWS[id] ?? {};
      expect(
        bytesOf((copy) => {
          copy.addNew(TABLE, given, BigInt(id));
        }),
      ).toBe(
        bytesOf((copy) => {
          copy.add(normal);
        }),
      );
    }
    for (const given of REFUSED) {
      const refusal = (work: () => unknown): string => {
        try {
          work();
          return 'taken';
        } catch (error) {
          return String(error);
        }
      };
      const expected = refusal(() => normalisedRow(TABLE, {}, given));
      expect(expected).toMatch(/^RowShapeError: /);
      expect(
        refusal(() =>
          bytesOf((copy) => {
            copy.addNew(TABLE, given, 1n);
          }),
        ),
      ).toBe(expected);
    }
  });

  it('is never given a number that the database has no room for', () => {
    for (const large of [2n ** 63n, -(2n ** 63n) - 1n])
      expect(() => normalisedRow(TABLE, { id: 1 }, { id: 1, large })).toThrow(RowShapeError);
  });

  it('begins anew when it is cleared', () => {
    const copy = new BinaryCopy(TABLE.stored);
    const bytes = () => Buffer.concat([...copy.pieces()]).toString('hex');
    const [first = {}, second = {}] = ROWS;
    copy.add(second);
    const expected = bytes();
    copy.clear();
    copy.add(first);
    expect(bytes()).not.toBe(expected);
    copy.clear();
    copy.add(second);
    expect(bytes()).toBe(expected);
    expect(copy.rows).toBe(1);
  });
});
