import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolder } from '../folders/index.js';
import { EmbeddedPostgresError, hasCode, reason } from './embedded-postgres.errors.js';
import { canReach } from './server-user.js';
import type { ServerUser } from './server-user.js';

/** Remembers where the server's files lie and its passwords; 0600, in the folder that was asked for. */
export const STATE_FILE = 'postgres.json';
const SYSTEM_FOLDER = '/var/lib/keyledger';
const PASSWORD_BYTES = 24;

export interface ServerState {
  /** Holds `data` and `server.log`. */
  readonly place: string;
  readonly adminPassword: string;
  readonly ownerPassword: string;
}

/** @throws {EmbeddedPostgresError} the folder can't be made or written. */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** The remembered state, or a new one: in the folder when the server's user can reach it, else where it can. */
export function serverState(folder: string, user: ServerUser | undefined): ServerState {
  const file = path.join(folder, STATE_FILE);
  const known = readState(file);
  if (known) {
    if (!existsSync(known.place))
      throw new EmbeddedPostgresError(
        `the database of ${folder} was at ${known.place}, which is gone: ` +
          `bring it back, or remove ${file} to start an empty ledger`,
      );
    if (!canReach(user, known.place))
      throw new EmbeddedPostgresError(
        `the database at ${known.place} can't be reached by the unprivileged uid that PostgreSQL runs as: ` +
          'give the folders above it search permission (chmod o+x)',
      );
    return known;
  }
  const state: ServerState = {
    place: newPlace(folder, user),
    adminPassword: randomBytes(PASSWORD_BYTES).toString('hex'),
    ownerPassword: randomBytes(PASSWORD_BYTES).toString('hex'),
  };
  const draft = `${file}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, file);
  } catch (error) {
    throw unwritable(folder, error);
  }
  return state;
}

function readState(file: string): ServerState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new EmbeddedPostgresError(`${file} can't be read: ${reason(error)}`);
  }
  try {
    const state = JSON.parse(text) as Partial<ServerState> | null;
    const { place, adminPassword, ownerPassword } = state ?? {};
    if (
      typeof place === 'string' &&
      typeof adminPassword === 'string' &&
      typeof ownerPassword === 'string'
    )
      return { place, adminPassword, ownerPassword };
  } catch {
    // Told below; the text holds passwords.
  }
  throw new EmbeddedPostgresError(
    `${file} is damaged: restore it from a backup (it holds where the database lies and its passwords)`,
  );
}

function newPlace(folder: string, user: ServerUser | undefined): string {
  const place =
    user && !canReach(user, folder)
      ? path.join(reachableBase(user), `ledger-${randomBytes(6).toString('hex')}`)
      : path.join(folder, 'postgres');
  try {
    makeFolder(place);
    chmodSync(place, user ? 0o711 : 0o700);
  } catch (error) {
    throw unwritable(place, error);
  }
  return place;
}

function reachableBase(user: ServerUser): string {
  for (const base of [SYSTEM_FOLDER, path.join(tmpdir(), 'keyledger')]) {
    try {
      makeFolder(base, 0o711);
      const { uid, mode } = statSync(base);
      if (uid !== process.getuid?.() || (mode & 0o022) !== 0) continue;
      chmodSync(base, mode | 0o711);
      if (canReach(user, base)) return base;
    } catch {
      // Read-only, or not ours: the next one.
    }
  }
  const own = mkdtempSync(path.join(tmpdir(), 'keyledger-'));
  chmodSync(own, 0o711);
  if (canReach(user, own)) return own;
  throw new EmbeddedPostgresError(
    `neither ${SYSTEM_FOLDER} nor ${tmpdir()} can be reached by the unprivileged uid that PostgreSQL runs as: ` +
      'start as an ordinary user, or set DATABASE_URL to a server of your own',
  );
}

function unwritable(folder: string, error: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `the folder ${folder} can't be written (${reason(error)}): choose another one, or mend its rights`,
  );
}
