import { describe, expect, it } from '@jest/globals';
import { isTooDeep, JSON_DEPTH_MAX } from './json-depth.js';

const arrays = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const objects = (depth: number): unknown =>
  JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

describe('the depth of a body', () => {
  it.each([
    ['arrays', arrays],
    ['objects', objects],
  ])('is bounded for %s, however deep they are', (_, nested) => {
    expect(isTooDeep(nested(JSON_DEPTH_MAX))).toBe(false);
    expect(isTooDeep({ beside: 1, within: [nested(JSON_DEPTH_MAX - 2)] })).toBe(false);
    expect(isTooDeep(nested(JSON_DEPTH_MAX + 1))).toBe(true);
    expect(isTooDeep(nested(100_000))).toBe(true);
  });

  it.each([undefined, null, 1, 'text', [], {}, Array.from({ length: 100_000 }, () => 1)])(
    'is none where nothing is nested',
    (json) => {
      expect(isTooDeep(json)).toBe(false);
    },
  );
});
