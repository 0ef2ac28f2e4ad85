import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedPostgresError, FolderInUseError, hasCode } from './embedded-postgres.errors.js';
import { processStamp } from './processes.js';

export const LOCK_FILE = 'running.lock';
export const LOCK_ATTEMPTS_MAX = 20;

export interface FolderLock {
  release(): void;
}

/**
 * One process at a time on one folder. The lock of a process that was killed is taken over: a process is known by its id
 * and its start time.
 *
 * @throws {FolderInUseError}
 */
export function lockFolder(folder: string): FolderLock {
  const file = path.join(folder, LOCK_FILE);
  const mine = JSON.stringify({ processId: process.pid, stamp: processStamp(process.pid) ?? '' });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, mine, { mode: 0o600, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < LOCK_ATTEMPTS_MAX; attempt += 1) {
      if (linked(draft, file)) {
        return {
          release: () => {
            if (readIfThere(file) === mine) rmSync(file, { force: true });
          },
        };
      }
      const holder = readIfThere(file);
      if (holder === undefined) continue;
      const living = livingHolder(holder);
      if (living !== undefined) throw new FolderInUseError(folder, living);
      takeAway(file, holder);
    }
    throw new EmbeddedPostgresError(`several processes start on ${folder} at once: try again`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function linked(draft: string, file: string): boolean {
  try {
    // Fails when the name is taken, and the file is whole from its first moment: a plain `wx` write is not.
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function takeAway(file: string, stale: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  // Somebody else was faster and this is their fresh lock: it goes back.
  if (readIfThere(aside) !== stale) linked(aside, file);
  rmSync(aside, { force: true });
}

function livingHolder(text: string): number | undefined {
  try {
    const { processId, stamp } = JSON.parse(text) as { processId: number; stamp: string };
    return processStamp(processId) === stamp ? processId : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
