import { createHash, timingSafeEqual } from 'node:crypto';
import type { NetworkId } from '#kernel';
import { InvalidCursorError } from './projections.errors.js';

export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 200;
export const CURSOR_CHARACTERS_MAX = 2_048;

export type CursorValue = bigint | boolean | number | string | null;

/** One page of a list that is ordered by what never changes. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly page: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

const TAG_BYTES = 12;

/**
 * An opaque place in one list of one network. The tag tells cursors of another list or network and typing errors; it is
 * no proof of origin, and need not be: the query's own scope says which rows are seen.
 *
 * @param kind names the list and its order (`apiKeys`); a new order is a new kind.
 */
export function encodeCursor(
  kind: string,
  network: NetworkId | null,
  values: readonly CursorValue[],
): string {
  const payload = Buffer.from(
    JSON.stringify(
      values.map((value) => (typeof value === 'bigint' ? { n: String(value) } : value)),
    ),
  );
  return Buffer.concat([tag(kind, network, payload), payload]).toString('base64url');
}

/** @throws {InvalidCursorError} 400 `request/invalid-cursor`. */
export function decodeCursor(
  kind: string,
  network: NetworkId | null,
  cursor: string,
): readonly CursorValue[] {
  if (cursor.length > CURSOR_CHARACTERS_MAX || !/^[\w-]+$/.test(cursor))
    throw new InvalidCursorError();
  const bytes = Buffer.from(cursor, 'base64url');
  const payload = bytes.subarray(TAG_BYTES);
  const given = bytes.subarray(0, TAG_BYTES);
  if (given.length !== TAG_BYTES || !timingSafeEqual(given, tag(kind, network, payload)))
    throw new InvalidCursorError();
  return parsed(payload).map(cursorValue);
}

/** The page of rows that were read with `LIMIT first + 1`. */
export function pageOf<R, T>(
  rows: readonly R[],
  first: number,
  item: (row: R) => T,
  cursor: (row: R) => string,
): Page<T> {
  const shown = rows.slice(0, first);
  const last = shown.at(-1);
  const page: Page<T> = {
    items: shown.map(item),
    page: {
      endCursor: last === undefined ? null : cursor(last),
      hasNextPage: rows.length > first,
    },
  };
  cursors.set(page, () => shown.map(cursor));
  return page;
}

const cursors = new WeakMap<Page<unknown>, () => readonly string[]>();

/** The place of each item of a page that `pageOf` made, for lists that show them (Relay edges). */
export function cursorsOf(page: Page<unknown>): readonly string[] {
  const found = cursors.get(page);
  if (!found) throw new TypeError('only a page that pageOf made knows its cursors');
  return found();
}

function tag(kind: string, network: NetworkId | null, payload: Uint8Array): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(['keyledger cursor', kind, network]))
    .update(payload)
    .digest()
    .subarray(0, TAG_BYTES);
}

function parsed(payload: Buffer): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(payload.toString());
    if (Array.isArray(value)) return value;
  } catch {
    // Said below: a right tag over other bytes is a forgery.
  }
  throw new InvalidCursorError();
}

function cursorValue(value: unknown): CursorValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return value;
  if (
    typeof value === 'object' &&
    'n' in value &&
    typeof value.n === 'string' &&
    /^-?\d{1,19}$/.test(value.n)
  )
    return BigInt(value.n);
  throw new InvalidCursorError();
}
