import { describe, expect, it } from '@jest/globals';
import { networkId } from '#kernel';
import type { CursorShape, CursorValue } from '#projections';
import {
  CURSOR_INT8_MAX,
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  pageOf,
} from '#projections';

const A = networkId(1);
const UUID = '4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1';

describe('cursors', () => {
  it('give back what they were made of', () => {
    const values = ['stream-1', 12n, 3, UUID];
    expect(
      decodeCursor('apiKeys', A, encodeCursor('apiKeys', A, values), [
        'streamId',
        'int8',
        'id',
        'uuid',
      ]),
    ).toEqual(values);
  });

  it.each([
    ['of another list', encodeCursor('shares', A, [1n])],
    ['of another network', encodeCursor('apiKeys', networkId(2), [1n])],
    ['of no network', encodeCursor('apiKeys', null, [1n])],
    ['with a changed character', `${encodeCursor('apiKeys', A, [1n]).slice(0, -1)}_`],
    ['cut short', 'AAAA'],
    ['that are no cursor', 'drop table'],
    ['beyond the longest', 'A'.repeat(5_000)],
    ['that are empty', ''],
  ])('%s are refused', (_, cursor) => {
    expect(() => decodeCursor('apiKeys', A, cursor, ['int8'])).toThrow(InvalidCursorError);
  });

  it.each<[CursorShape, CursorValue]>([
    ['int8', CURSOR_INT8_MAX + 1n],
    ['int8', -1n],
    ['int8', 1],
    ['int8', '1'],
    ['id', 1.5],
    ['id', -1],
    ['id', 1e20],
    ['id', 1e300],
    ['id', Number.MAX_SAFE_INTEGER],
    ['id', NaN],
    ['id', 1n],
    ['uuid', 'x'],
    ['uuid', 1],
    ['streamId', 'a b'],
    ['streamId', ''],
    ['streamId', 1],
  ])('whose place is no %s (%p) are refused, whoever made their tag', (shape, value) => {
    const refused = (values: readonly CursorValue[], shapes: readonly CursorShape[]) => {
      const forged = encodeCursor('apiKeys', A, values);
      expect(() => decodeCursor('apiKeys', A, forged, shapes)).toThrow(InvalidCursorError);
    };
    refused([value], [shape]);
    refused([1n, value], ['int8', shape]);
  });

  it('with more or fewer places than the list has are refused', () => {
    for (const values of [[], [1n, 2n]])
      expect(() =>
        decodeCursor('apiKeys', A, encodeCursor('apiKeys', A, values), ['int8']),
      ).toThrow(InvalidCursorError);
  });
});

describe('a page', () => {
  const page = (rows: readonly number[], first: number) =>
    pageOf(rows, first, String, (row) => `after ${String(row)}`);

  it('shows what was asked for and says whether there is more', () => {
    expect(page([1, 2, 3], 2)).toEqual({
      items: ['1', '2'],
      page: { endCursor: 'after 2', hasNextPage: true },
    });
    expect(page([1, 2], 2).page).toEqual({ endCursor: 'after 2', hasNextPage: false });
    expect(page([], 2).page).toEqual({ endCursor: null, hasNextPage: false });
  });
});
