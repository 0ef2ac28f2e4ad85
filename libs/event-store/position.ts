declare const brand: unique symbol;

/**
 * A place in the log: opaque, totally ordered, written as a decimal string. PostgreSQL and the in-memory adapter give
 * dense ones from 1; EventStoreDB gives its commit position (equal to prepare, recorded). Never compute with one.
 */
export type Position = bigint & { readonly [brand]: 'Position' };

export const position = (value: bigint): Position => value as Position;

/** `undefined` when the text is no position. */
export function parsePosition(text: string): Position | undefined {
  return /^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= POSITION_MAX
    ? (BigInt(text) as Position)
    : undefined;
}

/** What a PostgreSQL `bigint` holds. */
export const POSITION_MAX = 2n ** 63n - 1n;
