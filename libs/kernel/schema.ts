import { isUuid } from './ids.js';
import { containsKey } from './key-material.js';

/**
 * What a value must be, made from its type: a field that the type has and the schema has not, or the other way round, does
 * not compile. `problem` names the place and what was expected there, never the value: it may be a secret.
 */
export interface Schema<in out Value> {
  /** `undefined`: it fits. */
  readonly problem: (value: unknown, at: string) => string | undefined;
  /** Ties the schema to its type in both directions; never called. */
  readonly of?: (value: Value) => Value;
}

/** UTF-8 bytes of one text where its schema says nothing else: more than any edge lets through, and bounded. */
export const SCHEMA_TEXT_BYTES_MAX = 8_192;
/** Elements of one list, or entries of one record, where its schema says nothing else. */
export const SCHEMA_LIST_MAX = 1_000;

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z$/;
const UNSTORABLE = /[\0\p{Surrogate}]/u;

const schema = <Value>(expected: string, fits: (value: unknown) => boolean): Schema<Value> => ({
  problem: (value, at) => (fits(value) ? undefined : `${at} must be ${expected}`),
});

/** UTF-8 that every store and column takes: no NUL, no lone surrogate. And no API key, wherever it came from. */
export const text = <Value extends string = string>(
  limits: { readonly bytesMax?: number; readonly pattern?: RegExp } = {},
): Schema<Value> => {
  const { bytesMax = SCHEMA_TEXT_BYTES_MAX, pattern } = limits;
  const form = pattern ? ` of the form ${String(pattern)}` : '';
  return schema(
    `a text${form} of at most ${String(bytesMax)} bytes without an API key`,
    (value) =>
      typeof value === 'string' &&
      utf8Length(value) <= bytesMax &&
      !UNSTORABLE.test(value) &&
      !containsKey(value) &&
      (pattern?.test(value) ?? true),
  );
};

export const uuid = <Value extends string = string>(): Schema<Value> =>
  schema('a lower-case UUID', (value) => typeof value === 'string' && isUuid(value));

/** ISO 8601 in UTC, a moment that exists, from the year 1 on: what PostgreSQL takes. */
export const time = (): Schema<string> =>
  schema(
    'an ISO time in UTC',
    (value) =>
      typeof value === 'string' &&
      TIME.test(value) &&
      !value.startsWith('0000') &&
      !Number.isNaN(Date.parse(value)),
  );

export const integer = <Value extends number = number>(
  min: number = Number.MIN_SAFE_INTEGER,
  max: number = Number.MAX_SAFE_INTEGER,
): Schema<Value> =>
  schema(
    `an integer from ${String(min)} to ${String(max)}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  );

/** From 1. */
export const id = <Value extends number = number>(): Schema<Value> => integer<Value>(1);

export const boolean = (): Schema<boolean> =>
  schema('true or false', (value) => typeof value === 'boolean');

export const oneOf = <Value extends string | number | boolean>(
  ...values: readonly Value[]
): Schema<Value> =>
  schema(`one of ${values.join(', ')}`, (value) => values.some((one) => one === value));

export const nullable = <Value>(inner: Schema<Value>): Schema<Value | null> => ({
  problem: (value, at) => (value === null ? undefined : inner.problem(value, at)),
});

export const list = <Item>(
  item: Schema<Item>,
  countMax: number = SCHEMA_LIST_MAX,
): Schema<readonly Item[]> => ({
  problem: (value, at) => {
    if (!Array.isArray(value) || value.length > countMax)
      return `${at} must be a list of at most ${String(countMax)}`;
    return firstOf(value, (one: unknown, index) => item.problem(one, `${at}/${String(index)}`));
  },
});

/** A field that may be left out; `null` is no way to. */
export interface OptionalField<Value> {
  readonly optional: Schema<Value>;
}
export const optional = <Value>(inner: Schema<Value>): OptionalField<Value> => ({
  optional: inner,
});

type Fields<Value> = {
  readonly [Name in keyof Value]-?: object extends Pick<Value, Name>
    ? OptionalField<Exclude<Value[Name], undefined>>
    : Schema<Value[Name]>;
};

/** These fields and no other. */
export const object = <Value extends object>(fields: Fields<Value>): Schema<Value> => {
  const known = Object.entries(
    fields as Readonly<Record<string, Schema<unknown> | OptionalField<unknown>>>,
  );
  const names = new Set(known.map(([name]) => name));
  return {
    problem: (value, at) => {
      if (!isRecord(value)) return `${at} must be an object`;
      const stranger = Object.keys(value).find(
        (name) => !names.has(name) && value[name] !== undefined,
      );
      if (stranger !== undefined) return `${at} has a field that its schema has not`;
      return firstOf(known, ([name, field]) => {
        const inner = Object.hasOwn(value, name) ? value[name] : undefined;
        if (!('optional' in field)) return field.problem(inner, `${at}/${name}`);
        return inner === undefined ? undefined : field.optional.problem(inner, `${at}/${name}`);
      });
    },
  };
};

/** One of several objects, told apart by the value of one field. */
export const variants = <Name extends string, Value extends Readonly<Record<Name, string>>>(
  name: Name,
  schemas: { readonly [Kind in Value[Name]]: Schema<Extract<Value, Readonly<Record<Name, Kind>>>> },
): Schema<Value> => {
  const known = new Map<unknown, Schema<never>>(
    Object.entries(schemas) as readonly (readonly [string, Schema<never>])[],
  );
  return {
    problem: (value, at) => {
      const inner = isRecord(value) ? known.get(value[name]) : undefined;
      return inner
        ? inner.problem(value, at)
        : `${at}/${name} must be one of ${[...known.keys()].join(', ')}`;
    },
  };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function firstOf<Item>(
  items: readonly Item[],
  problemOf: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = problemOf(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Without a Node module: the kernel imports none. */
function utf8Length(value: string): number {
  let bytes = 0;
  for (let index = 0; index < value.length; index += 1) {
    const unit = value.charCodeAt(index);
    // Each half of a pair counts two of its four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}
