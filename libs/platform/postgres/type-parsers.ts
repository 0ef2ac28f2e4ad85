import pg from 'pg';
import type { CustomTypesConfig } from 'pg';

const { builtins } = pg.types;
/** pg's types list only the base types' ids. */
const getTypeParser = pg.types.getTypeParser as (oid: number, format: 'text' | 'binary') => unknown;
const TEXT_ARRAY = 1009;
const INT8_ARRAY = 1016;
const TIMESTAMPTZ_ARRAY = 1185;
const UTC_SUFFIX = '+00';

/**
 * `bigint` columns as JS bigints, `timestamptz` as ISO-8601 text with milliseconds, `date` and `timestamp` as their text
 * (pg makes local times of them); everything else as pg reads it.
 */
export const typeParsers: CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
    if (format !== 'binary') {
      const own = textParsers.get(oid);
      if (own) return own;
    }
    return getTypeParser(oid, format ?? 'text') as (value: string) => unknown;
  },
};

const textParsers: ReadonlyMap<number, (value: string) => unknown> = new Map<
  number,
  (value: string) => unknown
>([
  [builtins.INT8, BigInt],
  [builtins.TIMESTAMPTZ, isoTime],
  [builtins.DATE, (value) => value],
  [builtins.TIMESTAMP, (value) => value],
  [INT8_ARRAY, arrayOf(BigInt)],
  [TIMESTAMPTZ_ARRAY, arrayOf(isoTime)],
]);

/** As `Date.prototype.toISOString` writes it; microseconds are cut, not rounded, as the application never stores any. */
function isoTime(value: string): string {
  if (value.endsWith(UTC_SUFFIX) && value.charAt(10) === ' ') {
    const [seconds = '', fraction = ''] = value.slice(11, -UTC_SUFFIX.length).split('.');
    return `${value.slice(0, 10)}T${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  }
  const time = new Date(value);
  // `infinity` and years before Christ stay as PostgreSQL writes them.
  return Number.isNaN(time.getTime()) ? value : time.toISOString();
}

function arrayOf(item: (value: string) => unknown): (value: string) => unknown {
  const parse = getTypeParser(TEXT_ARRAY, 'text') as (value: string) => (string | null)[];
  return (value) => parse(value).map((entry) => (entry === null ? null : item(entry)));
}
