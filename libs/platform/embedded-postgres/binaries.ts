import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgresError, reason } from './embedded-postgres.errors.js';
import { canReach } from './server-user.js';
import type { ServerUser } from './server-user.js';

/** Of a call that only prints a version. */
const VERSION_TIMEOUT_MS = 10_000;

/** The two programs, where the server's user can run them. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly majorVersion: string;
}

/** `<native>/bin|lib|share` of the package for this machine. */
export function packagedBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const fromPackage = createRequire(require.resolve('embedded-postgres'));
    return path.resolve(path.dirname(fromPackage.resolve(name)), '..', 'native');
  } catch {
    throw new EmbeddedPostgresError(
      `there is no packaged PostgreSQL for this machine (${name}): set DATABASE_URL to a server of your own`,
    );
  }
}

/**
 * The packaged programs in place when the server's user can run them there, else a whole copy under `copyRoot`: the
 * checkout may lie where that user can't go, and an install without scripts lacks the libraries' symbolic links.
 */
export function usableBinaries(user: ServerUser | undefined, copyRoot: string): PostgresBinaries {
  const native = packagedBinaries();
  const inPlace = ['lib', 'share'].every((part) => canReach(user, path.join(native, part)));
  const version = inPlace ? versionOf(native, user) : undefined;
  if (version !== undefined) return programs(native, version);

  const files = listFiles(native);
  const copy = path.join(copyRoot, `postgresql-${digestOf(files)}`);
  if (!isWholeCopy(copy, files)) copyAll(native, files, copy);
  const copied = versionOf(copy, user);
  if (copied === undefined)
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run on this machine (${lastWords(copy, user)}): set DATABASE_URL to a server of your own`,
    );
  return programs(copy, copied);
}

function programs(native: string, version: string): PostgresBinaries {
  return {
    postgres: path.join(native, 'bin/postgres'),
    initdb: path.join(native, 'bin/initdb'),
    majorVersion: version,
  };
}

function tryVersion(native: string, user: ServerUser | undefined) {
  return spawnSync(path.join(native, 'bin/postgres'), ['--version'], {
    ...user,
    cwd: '/',
    env: {},
    encoding: 'utf8',
    timeout: VERSION_TIMEOUT_MS,
  });
}

function versionOf(native: string, user: ServerUser | undefined): string | undefined {
  const { status, stdout } = tryVersion(native, user);
  return status === 0 ? /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1] : undefined;
}

function lastWords(native: string, user: ServerUser | undefined): string {
  const { error, stderr, status } = tryVersion(native, user);
  return error ? reason(error) : stderr.trim().split('\n').at(-1) || `status ${String(status)}`;
}

interface PackagedFile {
  readonly name: string;
  readonly bytes: number;
}

function listFiles(native: string): readonly PackagedFile[] {
  return readdirSync(native, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ name, stat: lstatSync(path.join(native, name)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ name, stat }) => ({ name, bytes: stat.size }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function digestOf(files: readonly PackagedFile[]): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
}

/** Somebody may have cleaned up in part, or have put their own programs there. */
function isWholeCopy(copy: string, files: readonly PackagedFile[]): boolean {
  try {
    const { uid, mode } = statSync(copy);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return false;
    return files.every(({ name, bytes }) => lstatSync(path.join(copy, name)).size === bytes);
  } catch {
    return false;
  }
}

function copyAll(native: string, files: readonly PackagedFile[], copy: string): void {
  const draft = `${copy}.${randomUUID()}`;
  try {
    mkdirSync(draft, { recursive: true });
    chmodSync(draft, 0o755);
    for (const { name } of files) {
      const to = path.join(draft, name);
      mkdirSync(path.dirname(to), { recursive: true });
      for (let at = path.dirname(to); at !== draft; at = path.dirname(at)) chmodSync(at, 0o755);
      copyFileSync(path.join(native, name), to, constants.COPYFILE_FICLONE);
      chmodSync(to, name.startsWith('bin') ? 0o755 : 0o644);
    }
    for (const [link, target] of libraryLinks(native)) {
      const at = path.join(draft, link);
      if (!existsSync(at)) symlinkSync(target, at);
    }
    rmSync(copy, { recursive: true, force: true });
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (isWholeCopy(copy, files)) return;
    throw new EmbeddedPostgresError(`PostgreSQL can't be copied to ${copy}: ${reason(error)}`);
  }
}

/** What the package's install script would have linked: [link, relative target]. */
function libraryLinks(native: string): readonly (readonly [string, string])[] {
  const links = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  return links.map(
    ({ source, target }) => [path.relative('native', target), path.basename(source)] as const,
  );
}
