/** Type OIDs of the elements. */
const TEXT = 25;
const INT4 = 23;
const INT8 = 20;
const UUID = 2950;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const UUID_BYTES = 16;

/**
 * One-dimensional arrays in PostgreSQL's binary format (`array_recv`), for parameters that `pg` sends as they are: no
 * escaping here, no parsing there. At least one element.
 */
export function textArray(values: readonly string[]): Buffer {
  const lengths = values.map((value) => Buffer.byteLength(value));
  const bytes = lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0);
  const buffer = started(TEXT, values.length, bytes);
  let at = HEADER_BYTES;
  for (const [i, value] of values.entries()) {
    at = buffer.writeInt32BE(lengths[i] ?? 0, at);
    at += buffer.write(value, at);
  }
  return buffer;
}

export function int4Array(values: readonly number[]): Buffer {
  const buffer = started(INT4, values.length, values.length * (LENGTH_BYTES + 4));
  let at = HEADER_BYTES;
  for (const value of values) at = buffer.writeInt32BE(value, buffer.writeInt32BE(4, at));
  return buffer;
}

export function int8Array(values: readonly bigint[]): Buffer {
  const buffer = started(INT8, values.length, values.length * (LENGTH_BYTES + 8));
  let at = HEADER_BYTES;
  for (const value of values) at = buffer.writeBigInt64BE(value, buffer.writeInt32BE(8, at));
  return buffer;
}

export function uuidArray(values: readonly string[]): Buffer {
  const buffer = started(UUID, values.length, values.length * (LENGTH_BYTES + UUID_BYTES));
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(UUID_BYTES, at);
    at += buffer.write(value.replaceAll('-', ''), at, 'hex');
  }
  return buffer;
}

function started(elementType: number, length: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(0, 4); // no NULL among them
  buffer.writeInt32BE(elementType, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16); // lower bound
  return buffer;
}
