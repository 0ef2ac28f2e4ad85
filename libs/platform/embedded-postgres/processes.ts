import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from './embedded-postgres.errors.js';

export const PROCESS_POLL_MS = 25;
const ON_LINUX = process.platform === 'linux';

/**
 * What tells a process from a later one of the same id: its start time and this machine's boot. `undefined`: no such
 * process, or one that has ended and only waits to be reaped.
 */
export function processStamp(processId: number): string | undefined {
  try {
    if (!ON_LINUX)
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(processId)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const stat = readFileSync(`/proc/${String(processId)}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

/** Processes that work in this folder, as every process of a PostgreSQL server does in its data folder (Linux only). */
export function processesWorkingIn(folder: string): readonly number[] {
  if (!ON_LINUX) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((processId) => worksIn(processId, folder));
}

/** Whether this process is a PostgreSQL server on this data folder. */
export function servesDataFolder(processId: number, folder: string): boolean {
  if (processStamp(processId) === undefined) return false;
  if (ON_LINUX) return worksIn(processId, folder);
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(processId)], {
      encoding: 'utf8',
    });
    return command.includes('postgres') && command.includes(folder);
  } catch {
    return false;
  }
}

function worksIn(processId: number, folder: string): boolean {
  try {
    return (
      readlinkSync(`/proc/${String(processId)}/cwd`) === folder &&
      processStamp(processId) !== undefined
    );
  } catch {
    return false;
  }
}

/** A process that is gone already is no error. */
export function signal(processId: number, name: NodeJS.Signals): void {
  try {
    process.kill(processId, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Whether the condition held before the time was over. */
export async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() >= endMs) return false;
    await delay(PROCESS_POLL_MS);
  }
  return true;
}
