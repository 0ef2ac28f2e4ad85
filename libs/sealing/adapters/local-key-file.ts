import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '#platform/folders';
import type { RootKeys } from '../sealing-keys.port.js';
import { randomRootKey, rootKeyFromBase64 } from './root-key.js';

const FORMAT = 'keyledger-sealing-keys-1';
const FILE_BYTES_MAX = 16_384;
const OTHERS_RIGHTS = 0o077;

/** The file is there but must not be used: the process does not start. Never names a key. */
export class LocalKeyFileError extends Error {
  override readonly name = 'LocalKeyFileError';
}

/** @throws {LocalKeyFileError} wider rights than 0600, another owner, no regular file, or no key file. */
export async function readLocalKeyFile(path: string): Promise<RootKeys | undefined> {
  // O_NOFOLLOW: what is checked is what is read. O_NONBLOCK: a named pipe does not hold up the start.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new LocalKeyFileError(`cannot read the key file ${path}: ${codeOf(error)}`);
  });
  if (!file) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new LocalKeyFileError(`the key file ${path} is no regular file`);
    if (process.getuid && stat.uid !== process.getuid())
      throw new LocalKeyFileError(
        `the key file ${path} belongs to uid ${String(stat.uid)}, not to uid ${String(process.getuid())} that runs this process`,
      );
    if (stat.mode & OTHERS_RIGHTS)
      throw new LocalKeyFileError(
        `the key file ${path} has mode ${(stat.mode & 0o777).toString(8).padStart(4, '0')}, wider than 0600: run chmod 600, and rotate the keys if somebody may have read them`,
      );
    if (stat.size > FILE_BYTES_MAX)
      throw new LocalKeyFileError(`the key file ${path} is too large`);
    return parse(await file.readFile('utf8'), path);
  } finally {
    await file.close();
  }
}

/**
 * Creates the file with fresh keys, whole or not at all, on disk before this returns. Of two processes at once one
 * creates it and both read the same.
 */
export async function createLocalKeyFile(path: string): Promise<RootKeys> {
  const keys: RootKeys = { wrappingKey: randomRootKey(), peppers: [randomRootKey()] };
  const folder = dirname(path);
  makeFolder(folder, 0o700);
  const draft = join(folder, `.keys-${randomBytes(8).toString('hex')}`);
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(render(keys));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link fails where the name is taken; a rename would replace another process's keys.
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  const stored = await readLocalKeyFile(path);
  if (!stored) throw new LocalKeyFileError(`the key file ${path} vanished while it was created`);
  return stored;
}

function render(keys: RootKeys): string {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return `${JSON.stringify(
    {
      format: FORMAT,
      note: 'Without this file no stored secret can ever be opened again. Keep a copy apart from the database.',
      wrappingKey: base64(keys.wrappingKey.bytes),
      peppers: keys.peppers.map(({ bytes }) => base64(bytes)),
    },
    undefined,
    2,
  )}\n`;
}

function parse(text: string, path: string): RootKeys {
  const damaged = () => new LocalKeyFileError(`the key file ${path} is damaged or no key file`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw damaged();
  }
  if (typeof content !== 'object' || content === null) throw damaged();
  const { format, wrappingKey, peppers } = content as Record<string, unknown>;
  if (format !== FORMAT || typeof wrappingKey !== 'string' || !Array.isArray(peppers))
    throw damaged();
  const wrapping = rootKeyFromBase64(wrappingKey);
  const read = peppers.map((pepper: unknown) => {
    const key = typeof pepper === 'string' ? rootKeyFromBase64(pepper) : undefined;
    if (!key) throw damaged();
    return key;
  });
  const [current, ...older] = read;
  if (!wrapping || !current) throw damaged();
  return { wrappingKey: wrapping, peppers: [current, ...older] };
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : 'unknown';
}
