import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FolderInUseError } from './embedded-postgres.errors.js';
import { LOCK_FILE, lockFolder } from './folder-lock.js';

const LOADER = path.resolve('test/support/load-typescript.mjs');
const DEAD = JSON.stringify({ processId: 1, stamp: 'of an earlier boot' });

describe('the lock of a folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'keyledger-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is held by one at a time, and free when it was released', () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(FolderInUseError);
    lock.release();
    lockFolder(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not released for somebody else who has it by now', () => {
    const lock = lockFolder(folder);
    writeFileSync(path.join(folder, LOCK_FILE), DEAD);
    lock.release();
    expect(readFileSync(path.join(folder, LOCK_FILE), 'utf8')).toBe(DEAD);
  });

  it.each([
    ['of a process that is gone', JSON.stringify({ processId: 2 ** 22 + 1, stamp: 'gone' })],
    ['of a process whose id somebody else has by now', DEAD],
    ['that is damaged', '{"proc'],
  ])('is taken over from one %s', (_, stale) => {
    writeFileSync(path.join(folder, LOCK_FILE), stale);
    expect(() => {
      lockFolder(folder).release();
    }).not.toThrow();
  });

  it('is taken over by exactly one of several processes at once', async () => {
    const rounds = Array.from({ length: 40 }, (_, round) => path.join(folder, String(round)));
    for (const round of rounds) {
      mkdirSync(round);
      writeFileSync(path.join(round, LOCK_FILE), DEAD);
    }
    const script = `
      const { lockFolder } = await import(${JSON.stringify(path.resolve('libs/platform/embedded-postgres/folder-lock.ts'))});
      console.log('ready');
      process.stdin.once('data', () => {
        const won = ${JSON.stringify(rounds)}.filter((round) => {
          try { lockFolder(round); return true; } catch { return false; }
        });
        console.log(JSON.stringify(won));
      });
      process.stdin.once('end', () => process.exit());`;
    const children = Array.from({ length: 4 }, () =>
      spawn('node', ['--import', LOADER, '--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const said = () =>
      Promise.all(children.map(async ({ stdout }) => String(await once(stdout, 'data'))));
    await said();
    const answers = said();
    for (const { stdin } of children) stdin.write('go\n');
    const won = (await answers).flatMap((line) => JSON.parse(line) as string[]);
    for (const { stdin } of children) stdin.end();
    expect(won.sort()).toEqual([...rounds].sort());
  });
});
