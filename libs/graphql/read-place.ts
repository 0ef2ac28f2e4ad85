import type { Position } from '#event-store';
import { DomainError } from '#kernel';
import type { AsOf, ReadPlace } from '#projections';
import { AS_OF_EXPECTED, parseAsOf } from '#projections';
import type { ReadArgs } from './connection.js';

/** @throws {DomainError} `request/invalid` */
export function readPlace(
  { atLeast, asOf }: ReadArgs,
  { signal }: { readonly signal: AbortSignal },
): ReadPlace {
  const place = absent(asOf) ? undefined : parseAsOf(asOf);
  if (!absent(asOf) && !place)
    throw new DomainError('request/invalid', {
      errors: [{ pointer: '/asOf', problem: `must be ${AS_OF_EXPECTED}` }],
    });
  return {
    signal,
    ...(absent(atLeast) ? {} : { atLeast }),
    ...(place === undefined ? {} : { asOf: place }),
  };
}

/** What every answered object carries: its own field `position`, and for nested fields the moment it was read of. */
export interface ReadAt {
  /** What it is true at. */
  readonly position: Position;
  /** No field of the schema. */
  readonly readAsOf?: AsOf;
}

export function readAt(position: Position, { asOf }: Pick<ReadPlace, 'asOf'> = {}): ReadAt {
  return { position, ...(asOf ? { readAsOf: asOf } : {}) };
}

/** The options of a nested read: the same moment of the past, or at or past what its parent is true at. */
export function nestedPlace({ position, readAsOf }: ReadAt): ReadPlace {
  return readAsOf ? { asOf: readAsOf } : { atLeast: position };
}

/** Names that place in a loader's name. */
export const placeName = ({ position, readAsOf }: ReadAt): string =>
  readAsOf
    ? 'time' in readAsOf
      ? `as of ${readAsOf.time}`
      : `as of ${String(readAsOf.position)}`
    : `at ${String(position)}`;

/** GraphQL lets a caller write `null` where something may be left out. */
export const absent = (value: unknown): value is null | undefined =>
  value === null || value === undefined;

/** Without what is left out, and without what is `null`. */
export function given<T extends object>(
  input: T,
): { readonly [K in keyof T]?: Exclude<T[K], null | undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => !absent(value))) as never;
}
