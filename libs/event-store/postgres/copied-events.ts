import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { MICROSECONDS_PER_MS, POSTGRES_EPOCH_MS, UUID_PLACES } from '#platform/postgres';
import type { Position, StoredEvent } from '../index.js';
import { position } from '../index.js';

/** Of `log.events`, in the order in which `CopiedEvents` reads them. */
export const COLUMNS = 'position, stream_id, revision, id, type, data, metadata, stored_at';

/** Signature, flags, and the length of an extension that there is none of. */
const HEADER_BYTES = 19;
const FIELDS_BYTES = 2;
const LENGTH_BYTES = 4;
const FIELDS = 8;
/** In the place of a row's number of fields: there are no more rows. */
const TRAILER = -1;
const INT8_BYTES = 8;
const TWO_TO_32 = 2 ** 32;

/**
 * Events of a log as `COPY … TO STDOUT (FORMAT binary)` gives them: half the work of rows, for both sides. Each is made
 * when it is asked for; strings that were made for a whole batch at once would be copied by the collector before they are
 * read.
 */
export class CopiedEvents implements Iterable<StoredEvent> {
  readonly length: number;
  readonly #view: DataView;

  constructor(private readonly copied: Buffer) {
    this.#view = new DataView(copied.buffer, copied.byteOffset, copied.length);
    this.length = this.#count();
  }

  get bytes(): number {
    return this.copied.length;
  }

  *[Symbol.iterator](): Iterator<StoredEvent> {
    const { copied } = this;
    const view = this.#view;
    let at = HEADER_BYTES;
    const text = (): string => {
      const from = at + LENGTH_BYTES;
      at = from + view.getInt32(at);
      return copied.toString('utf8', from, at);
    };
    const int8 = (): bigint => {
      at += LENGTH_BYTES + INT8_BYTES;
      return view.getBigInt64(at - INT8_BYTES);
    };
    for (let left = this.length; left > 0; left -= 1) {
      at += FIELDS_BYTES;
      const eventPosition = position(int8());
      const streamId = text();
      const revision = int8();
      at += LENGTH_BYTES;
      const id = uuidText(copied, at);
      at += UUID_BYTES;
      const type = text();
      const data = text();
      const metadata = text();
      at += LENGTH_BYTES;
      const microseconds = view.getInt32(at) * TWO_TO_32 + view.getUint32(at + LENGTH_BYTES);
      at += INT8_BYTES;
      const storedAt = new Date(POSTGRES_EPOCH_MS + Math.floor(microseconds / MICROSECONDS_PER_MS));
      yield { id, type, data, metadata, streamId, revision, position: eventPosition, storedAt };
    }
  }

  #count(): number {
    const view = this.#view;
    let rows = 0;
    for (let at = HEADER_BYTES; view.getInt16(at) !== TRAILER; rows += 1) {
      at += FIELDS_BYTES;
      for (let field = 0; field < FIELDS; field += 1) at += LENGTH_BYTES + view.getInt32(at);
    }
    return rows;
  }
}

/** The events after a position up to another one. `COPY` takes no parameters. */
export async function copyEvents(
  client: pg.ClientBase,
  after: Position,
  upTo: Position,
): Promise<CopiedEvents> {
  const copy = client.query(
    copyTo(
      `COPY (SELECT ${COLUMNS} FROM log.events WHERE position > ${String(after)} AND position <= ${String(upTo)} ORDER BY position) TO STDOUT (FORMAT binary)`,
    ),
  );
  const pieces: Buffer[] = [];
  for await (const piece of copy) pieces.push(piece as Buffer);
  return new CopiedEvents(Buffer.concat(pieces));
}

const UUID_BYTES = 16;
const UUID_CHARACTERS = 36;
const DIGITS = Buffer.from('0123456789abcdef');
const uuid = Buffer.alloc(UUID_CHARACTERS, '-');

function uuidText(bytes: Buffer, from: number): string {
  let at = from;
  for (const place of UUID_PLACES) {
    const byte = bytes[at++] ?? 0;
    uuid[place] = DIGITS[byte >> 4] ?? 0;
    uuid[place + 1] = DIGITS[byte & 0xf] ?? 0;
  }
  return uuid.toString('latin1');
}
