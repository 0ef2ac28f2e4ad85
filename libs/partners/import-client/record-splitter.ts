import { isUtf8 } from 'node:buffer';

/** A larger record is refused alone; no more of a file than this is ever held. */
export const RECORD_BYTES_MAX = 1_048_576;
const LIST_KEY = 'affiliates';

export type SplitRecord =
  | { readonly ok: true; readonly json: unknown }
  | { readonly ok: false; readonly reason: 'not-json' | 'not-utf-8' | 'too-large' };

/** The file is none of the four shapes, or ends too early. */
export class MalformedListError extends Error {
  override readonly name = 'MalformedListError';
  constructor(
    what: string,
    readonly atByte: number,
  ) {
    super(
      `the file is no whole partner list: ${what} (at byte ${String(atByte)}); give the JSON that the vendor's API answers, or one object a line`,
    );
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

const isSpace = (byte: number) =>
  byte === 0x20 || byte === LINE_FEED || byte === 0x0d || byte === 0x09;
const isOpening = (byte: number) => byte === LEFT_BRACE || byte === LEFT_BRACKET;
const isClosing = (byte: number) => byte === RIGHT_BRACE || byte === RIGHT_BRACKET;

type Mode =
  /** Before the first byte that says which shape it is. */
  | 'start'
  /** In the first object: a record of its own, until a list is found in it. */
  | 'object'
  /** In the list, between records. */
  | 'between'
  /** In the list, in a record. */
  | 'record'
  /** After the list. */
  | 'after'
  /** After the first record of one object a line. */
  | 'lines';

/**
 * Cuts the vendor's lists (`{"affiliates": […], …}`, `[…]`, one object a line) into records as bytes arrive. Strings and
 * nesting are followed byte by byte, which UTF-8 allows; what stands in a record is left to `JSON.parse`.
 */
export class RecordSplitter {
  private mode: Mode = 'start';
  private offset = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** Of the list, in the object around it. */
  private wrapped = false;
  private key: number[] | undefined;
  private keyRead = false;
  private colonRead = false;
  private firstSpansLines = false;
  private parts: Uint8Array[] = [];
  private partBytes = 0;
  private tooLarge = false;
  private found: SplitRecord[] = [];
  private recordsFound = 0;

  /** @throws {MalformedListError} */
  push(chunk: Uint8Array): readonly SplitRecord[] {
    let from = this.isCapturing() ? 0 : -1;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] ?? 0;
      const before = this.isCapturing();
      const ends = this.step(byte);
      const after = this.isCapturing();
      if (!before && after) from = index;
      if (ends !== 'none') {
        const end = ends === 'after' ? index + 1 : index;
        if (from >= 0) this.capture(chunk.subarray(from, end));
        this.emit();
        from = this.isCapturing() ? index + 1 : -1;
      } else if (before && !after) {
        // The captured object turned out to hold the list.
        this.drop();
        from = -1;
      }
      this.offset += 1;
    }
    if (from >= 0) this.capture(chunk.subarray(from));
    return this.take();
  }

  /** @throws {MalformedListError} when the list is not closed. */
  end(): readonly SplitRecord[] {
    if (this.mode === 'lines') this.emit();
    else if (this.mode !== 'start' && (this.mode !== 'after' || this.depth > 0))
      throw new MalformedListError('the file ends before its list does', this.offset);
    return this.take();
  }

  private isCapturing(): boolean {
    return this.mode === 'object' || this.mode === 'record' || this.mode === 'lines';
  }

  /** Whether a record ends, with this byte or before it. */
  private step(byte: number): 'none' | 'before' | 'after' {
    switch (this.mode) {
      case 'start':
        return this.start(byte);
      case 'object':
        return this.firstObject(byte);
      case 'between':
        return this.between(byte);
      case 'record':
        return this.record(byte);
      case 'after':
        return this.afterList(byte);
      case 'lines':
        return byte === LINE_FEED ? 'before' : 'none';
    }
  }

  private start(byte: number): 'none' {
    if (isSpace(byte) || (this.offset < 3 && byte === BYTE_ORDER_MARK[this.offset])) return 'none';
    if (byte === LEFT_BRACKET) this.mode = 'between';
    else if (byte === LEFT_BRACE) {
      this.mode = 'object';
      this.depth = 1;
    } else throw new MalformedListError('neither a list nor an object', this.offset);
    return 'none';
  }

  private firstObject(byte: number): 'none' | 'after' {
    if (byte === LINE_FEED) this.firstSpansLines = true;
    if (this.depth === 1 && !this.inString && !isSpace(byte)) {
      if (this.colonRead) {
        const name = Buffer.from(this.key ?? []).toString();
        this.forgetKey();
        if (byte === LEFT_BRACKET && name === LIST_KEY) {
          this.wrapped = true;
          this.mode = 'between';
          return 'none';
        }
      } else if (this.keyRead) {
        if (byte === COLON) this.colonRead = true;
        else this.forgetKey();
      }
    }
    const wasInString = this.inString;
    this.follow(byte);
    if (this.depth === 1 && this.inString !== wasInString) {
      if (this.inString) this.key = [];
      else this.keyRead = true;
    } else if (wasInString && this.key && this.key.length <= LIST_KEY.length) this.key.push(byte);
    if (this.depth > 0) return 'none';
    this.mode = 'lines';
    return 'after';
  }

  private between(byte: number): 'none' {
    if (isSpace(byte) || byte === COMMA) return 'none';
    if (byte === RIGHT_BRACKET) {
      this.mode = 'after';
      this.depth = this.wrapped ? 1 : 0;
      return 'none';
    }
    if (isClosing(byte) || byte === COLON)
      throw new MalformedListError('no record where one should be', this.offset);
    this.mode = 'record';
    this.depth = 0;
    this.follow(byte);
    return 'none';
  }

  private record(byte: number): 'none' | 'before' | 'after' {
    if (this.depth === 0 && !this.inString) {
      // A bare number, literal or string ends where the next thing begins.
      if (byte === RIGHT_BRACKET) {
        this.mode = 'after';
        this.depth = this.wrapped ? 1 : 0;
        return 'before';
      }
      if (isSpace(byte) || byte === COMMA) {
        this.mode = 'between';
        return 'before';
      }
    }
    const nested = this.depth > 0;
    this.follow(byte);
    if (nested && this.depth === 0) {
      this.mode = 'between';
      return 'after';
    }
    return 'none';
  }

  private afterList(byte: number): 'none' {
    if (this.depth === 0 && !isSpace(byte))
      throw new MalformedListError('something follows the list', this.offset);
    this.follow(byte);
    return 'none';
  }

  private follow(byte: number): void {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE) this.inString = false;
    } else if (byte === QUOTE) this.inString = true;
    else if (isOpening(byte)) this.depth += 1;
    else if (isClosing(byte)) this.depth -= 1;
  }

  private forgetKey(): void {
    this.key = undefined;
    this.keyRead = false;
    this.colonRead = false;
  }

  private capture(bytes: Uint8Array): void {
    this.partBytes += bytes.length;
    if (this.partBytes > RECORD_BYTES_MAX) {
      if (this.mode === 'object')
        throw new MalformedListError('neither a list nor one object a line', this.offset);
      this.tooLarge = true;
      this.parts = [];
    } else if (bytes.length > 0) this.parts.push(bytes);
  }

  private drop(): void {
    this.parts = [];
    this.partBytes = 0;
    this.tooLarge = false;
  }

  private emit(): void {
    const bytes = Buffer.concat(this.parts);
    const text = bytes.toString();
    const { tooLarge } = this;
    this.drop();
    if (tooLarge) this.found.push({ ok: false, reason: 'too-large' });
    else if (text.trim() !== '') {
      if (this.firstSpansLines && this.mode === 'lines' && this.recordsFound > 0)
        throw new MalformedListError('several objects, but not one a line', this.offset);
      this.found.push(isUtf8(bytes) ? parsed(text) : { ok: false, reason: 'not-utf-8' });
    } else return;
    this.recordsFound += 1;
  }

  /** After a `MalformedListError`: the records that were whole before it. */
  take(): readonly SplitRecord[] {
    const { found } = this;
    this.found = [];
    return found;
  }
}

function parsed(text: string): SplitRecord {
  try {
    return { ok: true, json: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, reason: 'not-json' };
  }
}
