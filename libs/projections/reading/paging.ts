import { createHash, timingSafeEqual } from 'node:crypto';
import type { NetworkId } from '#kernel';
import { isUuid } from '#kernel';
import { InvalidCursorError } from '../projections.errors.js';

export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 200;
export const CURSOR_CHARACTERS_MAX = 2_048;

/** The largest that PostgreSQL's `bigint` holds. */
export const CURSOR_INT8_MAX = 9_223_372_036_854_775_807n;

export type CursorValue = bigint | number | string;

/** What may stand at one place of a cursor: what the list's query can be asked with, and nothing else. */
interface CursorShapes {
  /** A position, revision or wide id. */
  readonly int8: bigint;
  /** An id of the platform; the one after it is exact too. */
  readonly id: number;
  readonly uuid: string;
  readonly streamId: string;
}
export type CursorShape = keyof CursorShapes;

const FITS: { readonly [S in CursorShape]: (value: unknown) => boolean } = {
  int8: (value) => typeof value === 'bigint' && value >= 0n && value <= CURSOR_INT8_MAX,
  id: (value) =>
    typeof value === 'number' &&
    value >= 0 &&
    Number.isSafeInteger(value) &&
    Number.isSafeInteger(value + 1),
  uuid: (value) => typeof value === 'string' && isUuid(value),
  streamId: (value) => typeof value === 'string' && /^[\w.-]{1,200}$/.test(value),
};

/** One page of a list that is ordered by what never changes. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly page: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

const TAG_BYTES = 12;

/**
 * An opaque place in one list of one network. The tag tells cursors of another list or network and typing errors; it is
 * no proof of origin, and need not be: the query's own scope says which rows are seen, and the shape that a cursor is read
 * with that its values can be asked for.
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

/**
 * @param shape of each value, in order: a cursor that holds anything else is none of this list.
 * @throws {InvalidCursorError} 400 `request/invalid-cursor`.
 */
export function decodeCursor<const S extends readonly CursorShape[]>(
  kind: string,
  network: NetworkId | null,
  cursor: string,
  shape: S,
): { readonly [I in keyof S]: CursorShapes[S[I]] } {
  if (cursor.length > CURSOR_CHARACTERS_MAX || !/^[\w-]+$/.test(cursor))
    throw new InvalidCursorError();
  const bytes = Buffer.from(cursor, 'base64url');
  const payload = bytes.subarray(TAG_BYTES);
  const given = bytes.subarray(0, TAG_BYTES);
  if (given.length !== TAG_BYTES || !timingSafeEqual(given, tag(kind, network, payload)))
    throw new InvalidCursorError();
  const values = parsed(payload).map(cursorValue);
  if (values.length !== shape.length || !shape.every((one, index) => FITS[one](values[index])))
    throw new InvalidCursorError();
  return values as unknown as { readonly [I in keyof S]: CursorShapes[S[I]] };
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

function cursorValue(value: unknown): unknown {
  return typeof value === 'object' &&
    value !== null &&
    'n' in value &&
    typeof value.n === 'string' &&
    /^\d{1,19}$/.test(value.n)
    ? BigInt(value.n)
    : value;
}
