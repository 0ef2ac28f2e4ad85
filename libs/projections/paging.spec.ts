import { describe, expect, it } from '@jest/globals';
import { networkId } from '#kernel';
import { decodeCursor, encodeCursor, InvalidCursorError, pageOf } from '#projections';

const A = networkId(1);

describe('cursors', () => {
  it('give back what they were made of', () => {
    const values = ['x', 12n, 3, null, true];
    expect(decodeCursor('apiKeys', A, encodeCursor('apiKeys', A, values))).toEqual(values);
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
    expect(() => decodeCursor('apiKeys', A, cursor)).toThrow(InvalidCursorError);
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
