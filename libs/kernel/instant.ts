import type { IsoTime } from './clock.js';

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
/** Of times in UTC: what PostgreSQL takes and `toISOString` writes with four digits. */
const STORABLE = /^(?!0000)\d{4}-/;

export const INSTANT_EXPECTED =
  'an ISO 8601 time that ends in Z or an offset, such as 2026-01-31T09:00:00Z or 2026-01-31T10:00:00+01:00';

/**
 * What somebody wrote as a time, in UTC. `undefined`: it is no moment: without a zone it would be another one on each
 * machine, and the 30th of February is none.
 */
export function instantOf(text: string): IsoTime | undefined {
  const [, year, month, day] = INSTANT.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const daysOfMonth = new Date(
    Date.UTC(2_000 + (Number(year) % 400), Number(month), 0),
  ).getUTCDate();
  const time = new Date(text);
  if (Number(day) > daysOfMonth || Number.isNaN(time.getTime())) return undefined;
  const utc = time.toISOString();
  return STORABLE.test(utc) ? utc : undefined;
}

const EARLIEST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** So many milliseconds later, or earlier, but never beyond the first or last time that `instantOf` knows. */
export function shiftedInstant(time: IsoTime, ms: number): IsoTime {
  const shifted = Date.parse(time) + ms;
  return new Date(Math.min(LATEST_MS, Math.max(EARLIEST_MS, shifted))).toISOString();
}
