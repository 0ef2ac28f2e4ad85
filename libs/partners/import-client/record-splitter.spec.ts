import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SplitRecord } from './record-splitter.js';
import { MalformedListError, RECORD_BYTES_MAX, RecordSplitter } from './record-splitter.js';

function split(text: string | Uint8Array, chunkBytes = 7): SplitRecord[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const splitter = new RecordSplitter();
  const records: SplitRecord[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    records.push(...splitter.push(bytes.subarray(at, at + chunkBytes)));
  return [...records, ...splitter.end()];
}
const records = (text: string, chunkBytes?: number) =>
  split(text, chunkBytes).map((record) => (record.ok ? record.json : record.reason));
const example = (name: string) =>
  readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');

describe('a list of partners', () => {
  it.each([
    'partners-paged.json',
    'partners-unpaged.json',
    'partners-array.json',
    'partners.jsonl',
  ])('is cut into its eight records whatever its shape: %s', (name) => {
    for (const chunkBytes of [1, 100, 1_000_000])
      expect(
        (records(example(name), chunkBytes) as { network_affiliate_id: number }[]).map(
          ({ network_affiliate_id: id }) => id,
        ),
      ).toEqual([2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008]);
  });

  it('is cut alike wherever the chunks end, in every shape', () => {
    const list = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), {
      minLength: 1,
      maxLength: 5,
    });
    const shape = fc.constantFrom(
      (items: object[]) => JSON.stringify(items),
      (items: object[]) => JSON.stringify(items, null, 2),
      (items: object[]) => JSON.stringify({ affiliates: items, paging: { page: 1 } }, null, 1),
      (items: object[]) =>
        JSON.stringify({ paging: { affiliates: [] }, note: 'affiliates', affiliates: items }),
      (items: object[]) => items.map((item) => JSON.stringify(item)).join('\n'),
      (items: object[]) => items.map((item) => `${JSON.stringify(item)}\r\n`).join('\n'),
    );
    fc.assert(
      fc.property(list, shape, fc.integer({ min: 1, max: 40 }), (items, write, chunkBytes) => {
        fc.pre(!items.some((item) => Object.hasOwn(item, 'affiliates')));
        expect(records(write(items), chunkBytes)).toEqual(JSON.parse(JSON.stringify(items)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never yields more than it holds, and never fails but with MalformedListError, for any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc
            .string({ unit: fc.constantFrom(...Array.from('[]{},:"\\1a \n')) })
            .map((text) => Buffer.from(text)),
        ),
        fc.integer({ min: 1, max: 8 }),
        (bytes, chunkBytes) => {
          try {
            expect(split(bytes, chunkBytes)).toEqual(split(bytes, 1));
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedListError);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('may be empty', () => {
    expect(records('')).toEqual([]);
    expect(records('[]')).toEqual([]);
    expect(records('{"affiliates": [], "paging": {}}')).toEqual([]);
  });

  it('may begin with a byte order mark', () => {
    expect(records('\uFEFF[{"a":1}]')).toEqual([{ a: 1 }]);
  });

  it('refuses a broken record alone', () => {
    expect(records('[{"a":1}, {"a":}, 7, "text", {"a":2}]')).toEqual([
      { a: 1 },
      'not-json',
      7,
      'text',
      { a: 2 },
    ]);
    expect(records('{"a":1}\n{"a":\n{"a":2}\n')).toEqual([{ a: 1 }, 'not-json', { a: 2 }]);
  });

  it('refuses a record in another encoding alone', () => {
    const splitter = new RecordSplitter();
    const latin = Buffer.from('[{"a":1},{"a":"Caf\u00e9"},{"a":2}]', 'latin1');
    expect([...splitter.push(latin), ...splitter.end()]).toEqual([
      { ok: true, json: { a: 1 } },
      { ok: false, reason: 'not-utf-8' },
      { ok: true, json: { a: 2 } },
    ]);
  });

  it('refuses a record that is too large alone, and does not hold it', () => {
    const large = JSON.stringify({ notes: 'x'.repeat(RECORD_BYTES_MAX) });
    expect(records(`[{"a":1},${large},{"a":2}]`, 65_536)).toEqual([
      { a: 1 },
      'too-large',
      { a: 2 },
    ]);
    expect(records(`{"a":1}\n${large}\n{"a":2}`, 65_536)).toEqual([
      { a: 1 },
      'too-large',
      { a: 2 },
    ]);
  });

  it.each([
    ['[{"a":1},', 'ends before'],
    ['{"affiliates": [{"a":1}]', 'ends before'],
    ['[{"a":1}] []', 'follows the list'],
    ['name,status', 'neither a list nor an object'],
    ['{\n"a":1}\n{\n"a":2}', 'not one a line'],
  ])('is malformed when it is %j', (text, message) => {
    expect(() => records(text)).toThrow(message);
  });
});
