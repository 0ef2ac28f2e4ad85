import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolder } from './index.js';

const LOADER = path.resolve('test/support/load-typescript.mjs');
const MODULE = path.resolve('libs/platform/folders/index.ts');
const END_TIMEOUT_MS = 20_000;

describe('a folder', () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(path.join(tmpdir(), 'keyledger-folders-'));
  });
  afterEach(() => {
    rmSync(base, { recursive: true });
  });

  it('is made with those above it, all with the rights asked for, and again changes nothing', () => {
    const folder = path.join(base, 'a', 'b', 'c');
    makeFolder(folder, 0o700);
    makeFolder(folder, 0o755);
    for (const each of [folder, path.dirname(folder)])
      expect(statSync(each).mode & 0o777).toBe(0o700);
  });

  it('is an error where a file stands in its place, or above it', () => {
    const file = path.join(base, 'file');
    writeFileSync(file, '');
    expect(() => {
      makeFolder(file);
    }).toThrow('EEXIST');
    expect(() => {
      makeFolder(path.join(file, 'below'));
    }).toThrow('ENOTDIR');
  });

  // In a process of its own: what this guards against never returns.
  it.each(['/proc/keyledger', '/proc/keyledger/data'])(
    'is an error, and no endless attempt, on a file system that makes none (%s)',
    (folder) => {
      const script = `import { makeFolder } from ${JSON.stringify(MODULE)}; makeFolder(${JSON.stringify(folder)}, 0o700);`;
      const { error, status, stderr } = spawnSync(
        process.execPath,
        ['--import', LOADER, '--input-type=module', '--eval', script],
        { timeout: END_TIMEOUT_MS, encoding: 'utf8' },
      );
      expect(error).toBeUndefined();
      expect(status).toBe(1);
      expect(stderr).toMatch(/mkdir '\/proc/);
    },
  );
});
