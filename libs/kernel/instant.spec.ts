import { describe, expect, it } from '@jest/globals';
import { instantOf, shiftedInstant } from './instant.js';

describe('a time that somebody wrote', () => {
  it.each([
    ['2026-01-31T09:00:00Z', '2026-01-31T09:00:00.000Z'],
    ['2026-01-31T10:00:00.25+01:00', '2026-01-31T09:00:00.250Z'],
    ['2026-01-31T09:00Z', '2026-01-31T09:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s is a moment, in UTC', (text, instant) => {
    expect(instantOf(text)).toBe(instant);
  });

  it.each([
    '2026-01-31T09:00:00',
    '2026-01-31T09:00',
    '2026-01-31',
    '2026-01-31 09:00:00Z',
    '2026-01-31T09:00:00 Z',
    '2026-01-31T09:00:00+01',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T25:00:00Z',
    '2026-01-31T09:00:00+25:00',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:30:00-01:00',
    '1769850000',
    'soon',
    '',
  ])('%j is none', (text) => {
    expect(instantOf(text)).toBeUndefined();
  });
});

describe('a time some milliseconds from another one', () => {
  it.each([
    ['2026-01-31T09:00:00.000Z', -1, '2026-01-31T08:59:59.999Z'],
    ['2026-01-31T09:00:00.000Z', 300_000, '2026-01-31T09:05:00.000Z'],
    ['0001-01-01T00:00:00.000Z', -1, '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', 300_000, '9999-12-31T23:59:59.999Z'],
  ])('%s and %d is one that can be stored: %s', (time, ms, shifted) => {
    expect(shiftedInstant(time, ms)).toBe(shifted);
    expect(instantOf(shifted)).toBe(shifted);
  });
});
