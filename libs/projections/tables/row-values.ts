import { isUuid } from '#kernel';
import type { ColumnValue, Row } from '../projection.js';
import type { Column, CompiledTable } from './table-schema.js';
import { BORN_POSITION, FROM_POSITION } from './table-schema.js';

/** What a projection wrote does not fit its own table: the event that it came from stops it. */
export class RowShapeError extends Error {
  override readonly name = 'RowShapeError';
}

const INTEGER_MAX = 2 ** 31 - 1;
/** Surely one that is, and the text that it is read back as; all others are looked at more closely. */
const ISO_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const ISO_TIME_CHARACTERS = 24;
const ISO_YEAR_CHARACTERS = 4;
const BIGINT_BITS = 64;
/** PostgreSQL holds neither NUL nor lone surrogates; events may. */
const PLAIN = /^[ -\u7fff]*$/;
const ESCAPED_NOT_STORABLE = /\\u(?:0000|d[89a-f])/;
const NOT_STORABLE = /[\0\p{Surrogate}]/gu;

/**
 * Each column with the value as it would be read back, so that a row in memory equals the same row from the database.
 *
 * @param before the row of the same key that was there, normal itself: what was taken over from it is not looked at.
 */
export function normalisedRow(
  table: CompiledTable,
  key: Row,
  row: Row,
  before?: Row,
): Record<string, ColumnValue> {
  // All rows of a table have one shape: V8 is slow with objects whose properties came one by one.
  const normal: Record<string, ColumnValue | undefined> = { ...table.emptyRow, ...row };
  for (const column of table.columns) {
    const { name } = column;
    const given = normal[name];
    if (before && given === before[name]) continue;
    const stored = normalisedValue(table, column, given ?? key[name]);
    if (stored !== given) normal[name] = stored;
  }
  if (Object.keys(normal).length > table.emptyRowColumns) refuseUnknownColumns(table, row);
  return normal as Record<string, ColumnValue>;
}

/** `before` with other values in some columns, none of them of the key. */
export function updatedRow(
  table: CompiledTable,
  before: Row,
  changed: Row,
): Record<string, ColumnValue> {
  const updated: Record<string, ColumnValue> = { ...before };
  updateRow(table, updated, changed);
  return updated;
}

/** @param row is changed, and half changed when it throws. */
export function updateRow(
  table: CompiledTable,
  row: Record<string, ColumnValue>,
  changed: Row,
): void {
  for (const name of Object.keys(changed)) {
    const column = table.columnsToUpdate.get(name);
    if (!column)
      throw new RowShapeError(`table ${table.name} has no column ${name} that may be updated`);
    row[name] = normalisedValue(table, column, changed[name]);
  }
}

export function keyOf(table: CompiledTable, row: Row): Record<string, ColumnValue> {
  const key: Record<string, ColumnValue> = {};
  for (const column of table.key)
    key[column.name] = normalisedValue(table, column, row[column.name]);
  return key;
}

export function keyText(table: CompiledTable, key: Row): string {
  const [only, ...others] = table.key;
  if (only && others.length === 0) return scalarText(key[only.name]);
  if (!table.plainKey)
    return JSON.stringify(table.key.map((column) => scalarText(key[column.name])));
  let text = only ? scalarText(key[only.name]) : '';
  for (const { name } of others) text += ` ${scalarText(key[name])}`;
  return text;
}

/** `keyText` of a key as a projection gave it; one of types that have one form only need not be made normal for it. */
export function givenKeyText(table: CompiledTable, given: Row): string {
  for (const { name, type } of table.key)
    if (typeof given[name] !== ONE_FORM[type]) return keyText(table, keyOf(table, given));
  return keyText(table, given);
}

/** In memory: what is of another type may be normal all the same. */
const ONE_FORM: Readonly<Partial<Record<Column['type'], string>>> = {
  bigint: 'bigint',
  integer: 'number',
  uuid: 'string',
};

/** Of what is no array and no object. */
function scalarText(value: ColumnValue | undefined): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** @throws {RowShapeError} when there are any. */
export function refuseUnknownColumns(table: CompiledTable, row: Row): void {
  const engine = new Set<string>([FROM_POSITION, BORN_POSITION]);
  for (const [name, value] of Object.entries(row))
    if (
      value !== (undefined as unknown) &&
      !engine.has(name) &&
      !table.columns.some((column) => column.name === name)
    )
      throw new RowShapeError(`table ${table.name} has no column ${name}`);
}

export function normalisedValue(
  table: CompiledTable,
  column: Column,
  value: ColumnValue | undefined,
): ColumnValue {
  if (value === undefined || value === null) {
    if (!column.nullable) throw columnWithoutValue(table, column);
    return null;
  }
  const normal = NORMALISE[column.type](value);
  if (normal === undefined) throw wrongType(table, column, value);
  return normal;
}

export function columnWithoutValue(table: CompiledTable, column: Column): RowShapeError {
  return new RowShapeError(`column ${column.name} of ${table.name} has no value`);
}

export function wrongType(table: CompiledTable, column: Column, value: ColumnValue): RowShapeError {
  return new RowShapeError(
    `column ${column.name} of ${table.name} takes ${column.type}, not ${typeof value}`,
  );
}

type Normalise = (value: Exclude<ColumnValue, null>) => ColumnValue | undefined;

const NORMALISE: Readonly<Record<Column['type'], Normalise>> = {
  bigint: (value) =>
    typeof value === 'bigint'
      ? BigInt.asIntN(BIGINT_BITS, value) === value
        ? value
        : undefined
      : Number.isSafeInteger(value)
        ? BigInt(value as number)
        : undefined,
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  integer: (value) =>
    Number.isInteger(value) && Math.abs(value as number) <= INTEGER_MAX ? value : undefined,
  json: jsonValue,
  jsonb: jsonValue,
  text: (value) => (typeof value === 'string' ? storableText(value) : undefined),
  timestamptz: (value) => {
    if (typeof value !== 'string') return undefined;
    if (ISO_TIME.test(value)) return value;
    const time = new Date(value);
    return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
  },
  tsvector: storableTexts,
  uuid: (value) => (typeof value === 'string' && isUuid(value) ? value : undefined),
  'text[]': storableTexts,
};

function jsonValue(value: Exclude<ColumnValue, null>): ColumnValue | undefined {
  return typeof value === 'bigint' ? undefined : value;
}

function storableTexts(value: Exclude<ColumnValue, null>): readonly string[] | undefined {
  return isTexts(value) ? value.map(storableText) : undefined;
}

export function isTexts(value: ColumnValue): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function storableText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(NOT_STORABLE, '\ufffd');
}

/** As PostgreSQL takes it: what it cannot hold stands escaped in the text, and only then is the value looked through. */
export function jsonText(value: ColumnValue): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u') || !ESCAPED_NOT_STORABLE.test(text)) return text;
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'string') return storableText(one);
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(
      Object.entries(one).map(([name, inner]) => [storableText(name), inner]),
    );
  });
}

/** A value in the text form that casts from text take. */
export function textOf(column: Column, value: ColumnValue): string | null {
  if (value === null) return null;
  switch (column.type) {
    case 'json':
    case 'jsonb':
      return jsonText(value);
    case 'text[]':
      return arrayLiteral(value as readonly string[]);
    case 'tsvector':
      return lexemes(value as readonly string[]);
    case 'timestamptz':
      return timeText(value as string);
    default:
      return scalarText(value);
  }
}

/** Years beyond 1 to 9999 as PostgreSQL writes them. */
function timeText(time: string): string {
  const yearEnds = time.length - ISO_TIME_CHARACTERS + ISO_YEAR_CHARACTERS;
  const year = Number(time.slice(0, yearEnds));
  const rest = time.slice(yearEnds);
  if (year > 0) return time.startsWith('+') ? `${String(year)}${rest}` : time;
  return `${String(1 - year).padStart(ISO_YEAR_CHARACTERS, '0')}${rest} BC`;
}

function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}

function lexemes(values: readonly string[]): string {
  return values.map((value) => `'${value.replace(/[\\']/g, '$&$&')}'`).join(' ');
}
