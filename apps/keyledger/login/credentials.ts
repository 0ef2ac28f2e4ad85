import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '#platform/folders';

/** What `keyledger login` keeps of one API. */
export interface Credentials {
  readonly issuer: string;
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** ISO-8601. */
  readonly expiresAt: string;
}

export const CREDENTIALS_FILE = 'credentials.json';
export const LOCK_WAIT_MS_MAX = 10_000;
/** A lock this old was left behind by a process that died. */
export const LOCK_AGE_MS_MAX = 60_000;
const LOCK_POLL_MS = 50;

export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

/** Tokens by API address, in `$KEYLEDGER_CONFIG_DIR` or the XDG configuration folder, mode 0600. */
export class CredentialsFile {
  readonly file: string;
  private readonly folder: string;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.folder =
      environment['KEYLEDGER_CONFIG_DIR'] ??
      join(environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'keyledger');
    this.file = join(this.folder, CREDENTIALS_FILE);
  }

  read(api: string): Credentials | undefined {
    return this.all()[api];
  }

  write(api: string, credentials: Credentials | undefined): void {
    const all = Object.entries(this.all()).filter(([name]) => name !== api);
    if (credentials) all.push([api, credentials]);
    makeFolder(this.folder, 0o700);
    const draft = `${this.file}.${randomUUID()}`;
    writeFileSync(draft, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    chmodSync(draft, 0o600);
    renameSync(draft, this.file);
  }

  /** One process at a time: a refresh token works once, and its second use ends the login. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    makeFolder(this.folder, 0o700);
    const lock = `${this.file}.lock`;
    const startedAt = performance.now();
    for (;;) {
      try {
        closeSync(openSync(lock, 'wx', 0o600));
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      if (isOlderThan(lock, LOCK_AGE_MS_MAX)) rmSync(lock, { force: true });
      if (performance.now() - startedAt > LOCK_WAIT_MS_MAX)
        throw new CredentialsError(
          `another keyledger command holds ${lock}; if none runs, remove it`,
        );
      await delay(LOCK_POLL_MS);
    }
    try {
      return await work();
    } finally {
      rmSync(lock, { force: true });
    }
  }

  private all(): Readonly<Record<string, Credentials>> {
    let text: string;
    try {
      if ((statSync(this.file).mode & 0o077) !== 0)
        throw new CredentialsError(
          `${this.file} can be read by others than you: chmod 600 it, or log in again`,
        );
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
    try {
      return JSON.parse(text) as Record<string, Credentials>;
    } catch {
      throw new CredentialsError(`${this.file} is no JSON: remove it and log in again`);
    }
  }
}

function isOlderThan(file: string, ageMs: number): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs > ageMs;
  } catch {
    return false;
  }
}
