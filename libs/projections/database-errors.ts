import { ApplyError } from './tables/row-fold.js';

/** SQLSTATE classes that the written rows themselves cause: cardinality, data, integrity, program limits. */
const CAUSED_BY_DATA = new Set(['21', '22', '23', '54']);

/** Whether trying the same events again is of no use. All else (connections, locks, resources) is tried again. */
export function isCausedByEvent(error: unknown): boolean {
  return error instanceof ApplyError || CAUSED_BY_DATA.has(sqlState(error).slice(0, 2));
}

/** Empty when the error is not one of the database's. */
export function sqlState(error: unknown): string {
  return error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : '';
}

export const LOCK_NOT_AVAILABLE = '55P03';
export const QUERY_CANCELED = '57014';
export const UNDEFINED_TABLE = '42P01';
export const UNIQUE_VIOLATION = '23505';

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
