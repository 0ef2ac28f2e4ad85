import { isUuid } from '#kernel';
import type { ExpectedRevision, NewEvent } from './event-store.port.js';
import { APPEND_BYTES_MAX } from './event-store.port.js';
import { AppendTooLargeError, InvalidEventError } from './event-store.errors.js';
import { POSITION_MAX } from './position.js';

/** Events of one request. */
export const APPEND_EVENTS_MAX = 5_000;
/** UTF-8 bytes of a stream's name: what an index row of PostgreSQL holds, with room. */
export const STREAM_ID_BYTES_MAX = 1_024;
/** UTF-8 bytes of an event type's name. */
export const EVENT_TYPE_BYTES_MAX = 256;
/** No stream gets there, and what follows it in one append still is a PostgreSQL `bigint`. */
export const EXPECTED_REVISION_MAX = POSITION_MAX - BigInt(APPEND_EVENTS_MAX);

/**
 * What every adapter refuses before anything is sent: a real EventStoreDB answers some of it with `unknown`, or twice
 * (trap 1), and PostgreSQL can't hold a NUL. Returns the request's bytes.
 *
 * @throws {InvalidEventError | AppendTooLargeError}
 */
export function checkAppend(
  streamId: string,
  expectedRevision: ExpectedRevision,
  events: readonly NewEvent[],
): number {
  checkStreamId(streamId);
  if (
    expectedRevision !== 'noStream' &&
    (typeof expectedRevision !== 'bigint' ||
      expectedRevision < 0n ||
      expectedRevision > EXPECTED_REVISION_MAX)
  )
    throw new InvalidEventError(`not a revision to expect: ${String(expectedRevision)}`);
  if (events.length > APPEND_EVENTS_MAX)
    throw new InvalidEventError(
      `an append holds at most ${String(APPEND_EVENTS_MAX)} events, this one ${String(events.length)}`,
    );
  let bytes = 0;
  for (const event of events) {
    bytes +=
      Buffer.byteLength(event.type) +
      Buffer.byteLength(event.data) +
      Buffer.byteLength(event.metadata);
    if (bytes > APPEND_BYTES_MAX) continue;
    if (!isUuid(event.id)) throw new InvalidEventError('an event id is a lower-case UUID');
    checkName(event.type, 'event type', EVENT_TYPE_BYTES_MAX);
    checkJsonObject(event.data, 'data');
    checkJsonObject(event.metadata, 'metadata');
  }
  if (bytes > APPEND_BYTES_MAX) throw new AppendTooLargeError(bytes, APPEND_BYTES_MAX);
  return bytes;
}

/** @throws {InvalidEventError} */
export function checkStreamId(streamId: string): void {
  checkName(streamId, 'stream', STREAM_ID_BYTES_MAX);
}

const LONE_SURROGATE = /\p{Cs}/u;

function checkName(name: string, what: string, bytesMax: number): void {
  if (name === '') throw new InvalidEventError(`the ${what} has no name`);
  if (name.startsWith('$'))
    throw new InvalidEventError(`the ${what} starts with $, which is the store's own`);
  if (name.includes('\0') || LONE_SURROGATE.test(name))
    throw new InvalidEventError(`the ${what} holds a NUL or a lone surrogate`);
  if (Buffer.byteLength(name) > bytesMax)
    throw new InvalidEventError(`the ${what} is longer than ${String(bytesMax)} bytes`);
}

/** Text that survives `JSON.parse` and `JSON.stringify` byte for byte survives every adapter (EventStoreDB parses). */
function checkJsonObject(text: string, what: string): void {
  let again: string | undefined;
  if (text.startsWith('{'))
    try {
      again = JSON.stringify(JSON.parse(text));
    } catch {
      // Not JSON at all.
    }
  if (again !== text)
    throw new InvalidEventError(`the ${what} is not an object as JSON.stringify writes it`);
}
