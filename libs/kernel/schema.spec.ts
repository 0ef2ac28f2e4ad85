import { describe, expect, it } from '@jest/globals';
import { composeKey } from './key-material.js';
import type { Schema } from './schema.js';
import {
  boolean,
  id,
  integer,
  list,
  nullable,
  object,
  oneOf,
  optional,
  text,
  time,
  uuid,
  variants,
} from './schema.js';

const fits = (schema: Schema<never>, value: unknown) => schema.problem(value, 'data') === undefined;
const UUID = '2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11';

describe('a schema', () => {
  it.each<[string, Schema<never>, readonly unknown[], readonly unknown[]]>([
    [
      'text',
      text() as never,
      ['', 'é', '\u{1F511}'],
      [null, 1, 'a\0', '\ud800', 'x'.repeat(8_193)],
    ],
    [
      'short text',
      text({ bytesMax: 4 }) as never,
      ['\u{1F511}', 'éé'],
      ['\u{1F511}a', 'ééa', '€€'],
    ],
    ['formed text', text({ pattern: /^a+$/ }) as never, ['aa'], ['ab', '']],
    ['uuid', uuid() as never, [UUID], [UUID.toUpperCase(), `${UUID}0`, null]],
    ['integer', integer(-1, 5) as never, [-1, 0, 5], [-2, 6, 1.5, NaN, '1', 1n, null]],
    ['id', id() as never, [1, Number.MAX_SAFE_INTEGER], [0, 2 ** 53, Infinity]],
    ['boolean', boolean() as never, [true, false], [null, 0, 'true']],
    ['oneOf', oneOf('a', 'b') as never, ['a'], ['c', '', null, ['a']]],
    ['nullable', nullable(id()) as never, [null, 1], [undefined, 0]],
    ['list', list(id(), 2) as never, [[], [1, 2]], [[1, 2, 3], [0], { 0: 1 }, null, '12']],
  ])('of %s takes what fits and nothing else', (_, schema, right, wrong) => {
    for (const value of right) expect([value, fits(schema, value)]).toEqual([value, true]);
    for (const value of wrong) expect([value, fits(schema, value)]).toEqual([value, false]);
  });

  it('of a text takes no API key, wherever it stands', () => {
    const key = composeKey('kl', 'aff', '0123456789ABCDEFGHIJabcdefghijklmnop');
    for (const wrong of [key, `https://x.example/?key=${key}`, key.replace('_aff', ' _aff')])
      expect(fits(text() as never, wrong)).toBe(false);
    expect(fits(text() as never, key.slice(0, -1))).toBe(true);
  });

  it('takes times that PostgreSQL takes, too', () => {
    for (const right of ['2026-01-01T00:00:00.000Z', '0001-01-01T00:00:00Z'])
      expect(fits(time() as never, right)).toBe(true);
    for (const wrong of [
      '2026-13-01T00:00:00.000Z',
      '0000-01-01T00:00:00.000Z',
      '+010000-01-01T00:00:00.000Z',
      '2026-01-01',
      '2026-01-01T00:00:00+01:00',
      1,
      new Date(0),
    ])
      expect([wrong, fits(time() as never, wrong)]).toEqual([wrong, false]);
  });

  it('takes an object with just its fields, those that are optional or not', () => {
    interface Shape {
      readonly a: number;
      readonly b?: string;
    }
    const shape = object<Shape>({ a: id(), b: optional(text()) });
    for (const right of [{ a: 1 }, { a: 1, b: 'x' }, { a: 1, b: undefined }])
      expect(shape.problem(right, 'data')).toBeUndefined();
    for (const [wrong, problem] of [
      [{}, 'data/a must be an integer'],
      [{ a: 1, b: null }, 'data/b must be a text'],
      [{ a: 1, c: 2 }, 'data has a field that its schema has not'],
      [[], 'data must be an object'],
      [null, 'data must be an object'],
    ] as const)
      expect(shape.problem(wrong, 'data')).toContain(problem);
    expect(shape.problem(Object.create({ a: 1 }), 'data')).toContain('data/a');
  });

  it('tells variants apart by their one field', () => {
    type Shape = { readonly kind: 'a'; readonly a: number } | { readonly kind: 'b' };
    const shape = variants<'kind', Shape>('kind', {
      a: object({ kind: oneOf('a'), a: id() }),
      b: object({ kind: oneOf('b') }),
    });
    for (const right of [{ kind: 'a', a: 1 }, { kind: 'b' }])
      expect(shape.problem(right, 'data')).toBeUndefined();
    for (const wrong of [{ kind: 'c' }, { kind: 'b', a: 1 }, { kind: 'toString' }, {}, null])
      expect(shape.problem(wrong, 'data')).toBeDefined();
  });

  it('never repeats the value', () => {
    const shape = object<{ readonly secret: number }>({ secret: id() });
    expect(shape.problem({ secret: 'hunter2' }, 'data')).not.toContain('hunter2');
    expect(shape.problem({ secret: 1, hunter2: 1 }, 'data')).not.toContain('hunter2');
  });
});
