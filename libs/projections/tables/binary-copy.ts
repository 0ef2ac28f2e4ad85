import { MICROSECONDS_PER_MS, POSTGRES_EPOCH_MS, UUID_PLACES } from '#platform/postgres';
import type { ColumnType, ColumnValue, Row } from '../projection.js';
import {
  columnWithoutValue,
  isTexts,
  jsonText,
  normalisedValue,
  refuseUnknownColumns,
  wrongType,
} from './row-values.js';
import type { Column, CompiledTable } from './table-schema.js';

/** A piece of a `COPY`, as it goes to the server. */
export const COPY_PIECE_BYTES = 131_072;
const BUFFER_BYTES_MIN = 1 << 20;

/** `PGCOPY\n\377\r\n\0`, no flags, no extension. */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const TRAILER = -1;
const NULL_LENGTH = -1;
/** A length and a UUID: the most that a column takes whose size is that of its type. */
const FIXED_BYTES_MAX = 20;
const LENGTH_BYTES = 4;
/** Of UTF-8, for one UTF-16 code unit. */
const BYTES_PER_CODE_UNIT_MAX = 3;
/** A call into the runtime costs more than so many characters one by one. */
const SHORT_TEXT_CHARACTERS = 24;
const LAST_ASCII = 0x7f;
const JSONB_VERSION = 1;
const TEXT_OID = 25;
const ARRAY_HEADER_BYTES = 12;
const ARRAY_DIMENSION_BYTES = 8;
const TWO_TO_32 = 2 ** 32;

/** Rows as `COPY … FROM STDIN (FORMAT binary)` takes them; used again after `clear`. */
export class BinaryCopy {
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES_MIN);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;
  #rows = 0;

  constructor(readonly columns: readonly Column[]) {
    this.clear();
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#at;
  }

  clear(): void {
    this.#at = HEADER.copy(this.#buffer);
    this.#rows = 0;
  }

  /** A row of normal values (`normalisedRow`). */
  add(row: Row): void {
    this.#fields(row, this.columns.length);
  }

  /** A version of a row: `deleted` is one column more, the last one. */
  addVersion(row: Row, deleted: boolean): void {
    this.#fields(row, this.columns.length + 1);
    this.#room(FIXED_BYTES_MAX);
    this.#value('boolean', deleted);
  }

  /**
   * A row as a projection gave it, of a table that only grows: nobody needs it in memory, so it is checked while it is
   * written, and not made normal first (`normalisedRow`).
   *
   * @throws {RowShapeError} and is of no use any more.
   */
  addNew(table: CompiledTable, row: Row, position: bigint): void {
    this.#room(2);
    this.#int16(this.columns.length);
    let given = 0;
    for (const column of table.columns) {
      const value = row[column.name];
      this.#room(FIXED_BYTES_MAX);
      if (value !== undefined) given += 1;
      if (value === undefined || value === null) {
        if (!column.nullable) throw columnWithoutValue(table, column);
        this.#int32(NULL_LENGTH);
      } else this.#checked(table, column, value);
    }
    if (Object.keys(row).length > given) refuseUnknownColumns(table, row);
    this.#room(FIXED_BYTES_MAX);
    this.#value('bigint', position);
    this.#rows += 1;
  }

  #checked(table: CompiledTable, column: Column, value: Exclude<ColumnValue, null>): void {
    switch (column.type) {
      case 'text':
        if (typeof value !== 'string') throw wrongType(table, column, value);
        this.#text(value);
        return;
      case 'uuid':
        if (typeof value !== 'string' || !this.#uuid(value)) throw wrongType(table, column, value);
        return;
      case 'tsvector':
        if (!isTexts(value)) throw wrongType(table, column, value);
        this.#lexemes(value);
        return;
      default:
        this.#value(
          column.type,
          normalisedValue(table, column, value) as Exclude<ColumnValue, null>,
        );
    }
  }

  #fields(row: Row, fields: number): void {
    this.#room(2);
    this.#int16(fields);
    for (const { name, type } of this.columns) {
      const value = row[name] ?? null;
      // Of a column without a value, or one of a few bytes.
      this.#room(FIXED_BYTES_MAX);
      if (value === null) this.#int32(NULL_LENGTH);
      else this.#value(type, value);
    }
    this.#rows += 1;
  }

  /** All of it, in order; valid until `clear`. */
  *pieces(): Iterable<Buffer> {
    this.#room(2);
    this.#int16(TRAILER);
    for (let from = 0; from < this.#at; from += COPY_PIECE_BYTES)
      yield this.#buffer.subarray(from, Math.min(this.#at, from + COPY_PIECE_BYTES));
    this.#at -= 2;
  }

  #value(type: ColumnType, value: Exclude<ColumnValue, null>): void {
    switch (type) {
      case 'bigint':
        this.#int32(8);
        this.#view.setBigInt64(this.#at, value as bigint);
        this.#at += 8;
        return;
      case 'boolean':
        this.#int32(1);
        this.#buffer[this.#at++] = value ? 1 : 0;
        return;
      case 'integer':
        this.#int32(4);
        this.#int32(value as number);
        return;
      case 'json':
        this.#text(jsonText(value));
        return;
      case 'jsonb':
        this.#text(jsonText(value), JSONB_VERSION);
        return;
      case 'text':
        this.#text(value as string);
        return;
      case 'timestamptz':
        this.#time(value as string);
        return;
      case 'tsvector':
        this.#lexemes(value as readonly string[]);
        return;
      case 'uuid':
        this.#uuid(value as string);
        return;
      case 'text[]':
        this.#texts(value as readonly string[]);
    }
  }

  /** @param version a byte before the text. */
  #text(text: string, version?: number): void {
    this.#room(LENGTH_BYTES + 1 + text.length * BYTES_PER_CODE_UNIT_MAX);
    const length = this.#at;
    this.#at += LENGTH_BYTES;
    if (version !== undefined) this.#buffer[this.#at++] = version;
    this.#utf8(text);
    this.#view.setInt32(length, this.#at - length - LENGTH_BYTES);
  }

  #time(text: string): void {
    const sinceEpochMs = milliseconds(text) - POSTGRES_EPOCH_MS;
    const microseconds = sinceEpochMs * MICROSECONDS_PER_MS;
    this.#int32(8);
    // Centuries away they are no exact number any more.
    if (!Number.isSafeInteger(microseconds)) {
      this.#view.setBigInt64(this.#at, BigInt(sinceEpochMs) * BigInt(MICROSECONDS_PER_MS));
      this.#at += 8;
      return;
    }
    const high = Math.floor(microseconds / TWO_TO_32);
    this.#int32(high);
    this.#view.setUint32(this.#at, microseconds - high * TWO_TO_32);
    this.#at += 4;
  }

  /** `false`: it is none, as `isUuid` has it. */
  #uuid(text: string): boolean {
    if (text.length !== UUID_CHARACTERS) return false;
    for (const index of UUID_DASHES) if (text.charCodeAt(index) !== DASH) return false;
    this.#int32(UUID_PLACES.length);
    const buffer = this.#buffer;
    let at = this.#at;
    let digits = 0;
    for (const index of UUID_PLACES) {
      const high = NIBBLES[text.charCodeAt(index)] ?? NO_NIBBLE;
      const low = NIBBLES[text.charCodeAt(index + 1)] ?? NO_NIBBLE;
      digits |= high | low;
      buffer[at++] = (high << 4) | low;
    }
    this.#at = at;
    return digits < NO_NIBBLE;
  }

  /** The server sorts them. */
  #lexemes(lexemes: readonly string[]): void {
    this.#room(2 * LENGTH_BYTES);
    const length = this.#at;
    this.#at += LENGTH_BYTES;
    this.#int32(lexemes.length);
    for (const lexeme of lexemes) {
      this.#room(lexeme.length * BYTES_PER_CODE_UNIT_MAX + 3);
      this.#utf8(lexeme);
      // Its end, and no positions.
      this.#buffer[this.#at++] = 0;
      this.#int16(0);
    }
    this.#view.setInt32(length, this.#at - length - LENGTH_BYTES);
  }

  #texts(texts: readonly string[]): void {
    this.#room(LENGTH_BYTES + ARRAY_HEADER_BYTES + ARRAY_DIMENSION_BYTES);
    const length = this.#at;
    this.#at += LENGTH_BYTES;
    this.#int32(texts.length === 0 ? 0 : 1);
    this.#int32(0);
    this.#int32(TEXT_OID);
    if (texts.length > 0) {
      this.#int32(texts.length);
      this.#int32(1);
    }
    for (const text of texts) this.#text(text);
    this.#view.setInt32(length, this.#at - length - LENGTH_BYTES);
  }

  /** What PostgreSQL cannot hold becomes U+FFFD: NUL here, lone surrogates by the encoding. */
  #utf8(text: string): void {
    if (text.length <= SHORT_TEXT_CHARACTERS) {
      const buffer = this.#buffer;
      const from = this.#at;
      let index = 0;
      for (; index < text.length; index += 1) {
        const code = text.charCodeAt(index);
        if (code > LAST_ASCII || code === 0) break;
        buffer[from + index] = code;
      }
      if (index === text.length) {
        this.#at += index;
        return;
      }
    }
    const storable = text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
    this.#at += this.#buffer.write(storable, this.#at);
  }

  #int16(value: number): void {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}

const UUID_CHARACTERS = 36;
const UUID_DASHES = [8, 13, 18, 23];
const DASH = 0x2d;
const DIGIT_0 = 0x30;
const NO_NIBBLE = 0x10;
/** By character code: the value of a lower-case hexadecimal digit. */
const NIBBLES = Uint8Array.from({ length: LAST_ASCII + 1 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value < 0 ? NO_NIBBLE : value;
});

const ISO_TIME_CHARACTERS = 24;
const DAY_MS = 86_400_000;
/** The start of a month (`YYYY-MM`), the last one that was asked for. */
let month = '';
let monthMs = 0;

/** Of a normal time (`normalisedValue`). */
function milliseconds(text: string): number {
  // Years before 0 and after 9999.
  if (text.length !== ISO_TIME_CHARACTERS) return Date.parse(text);
  const digits = (at: number): number =>
    10 * text.charCodeAt(at) + text.charCodeAt(at + 1) - 11 * DIGIT_0;
  if (!text.startsWith(month) || month === '') {
    month = text.slice(0, 7);
    monthMs = Date.parse(`${month}-01T00:00:00.000Z`);
  }
  const seconds = 3_600 * digits(11) + 60 * digits(14) + digits(17);
  const thousandths = 100 * (text.charCodeAt(20) - DIGIT_0) + digits(21);
  return monthMs + (digits(8) - 1) * DAY_MS + seconds * 1_000 + thousandths;
}
