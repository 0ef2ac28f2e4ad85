import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalKeyFile, LocalKeyFileError } from './adapters/local-key-file.js';
import { openSealingKeys, SealingKeyConfigurationError } from './open-sealing-keys.js';
import { WrappingKeyMissingError } from './sealing.port.js';
import { MemorySealingKeyRegistry } from './testing/index.js';

const EMPTY = () => Promise.resolve(true);
const NOT_EMPTY = () => Promise.resolve(false);
const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');

describe('root keys', () => {
  let folder: string;
  let registry: MemorySealingKeyRegistry;
  const file = () => ({ kind: 'file' as const, path: join(folder, 'keys', 'sealing.json') });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealing-'));
    registry = new MemorySealingKeyRegistry();
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('are created on an empty ledger, readable by their owner alone, and found again', async () => {
    const first = await openSealingKeys(file(), registry, EMPTY);
    expect(first.state).toEqual({ status: 'present', source: file().path });
    expect((await stat(file().path)).mode & 0o777).toBe(0o600);
    const second = await openSealingKeys(file(), registry, NOT_EMPTY);
    expect(second.keys()).toEqual(first.keys());
  });

  it('are the same for two processes that start at once', async () => {
    const [one, two] = await Promise.all([
      openSealingKeys(file(), registry, EMPTY),
      openSealingKeys(file(), registry, EMPTY),
    ]);
    expect(one.keys()).toEqual(two.keys());
  });

  it('are never created on a ledger that has events', async () => {
    const keys = await openSealingKeys(file(), registry, NOT_EMPTY);
    expect(keys.state.status).toBe('missing');
    expect(() => keys.keys()).toThrow(WrappingKeyMissingError);
    await expect(stat(file().path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('are missing, and not created anew, when the file is lost', async () => {
    await openSealingKeys(file(), registry, EMPTY);
    await rm(file().path);
    expect((await openSealingKeys(file(), registry, NOT_EMPTY)).state.status).toBe('missing');
    await expect(stat(file().path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('are missing when they are others than those the ledger was sealed with', async () => {
    await openSealingKeys({ kind: 'environment', wrappingKey: KEY }, registry, EMPTY);
    const other = { kind: 'environment' as const, wrappingKey: OTHER_KEY };
    expect((await openSealingKeys(other, registry, NOT_EMPTY)).state.status).toBe('missing');
    const same = { kind: 'environment' as const, wrappingKey: KEY };
    expect((await openSealingKeys(same, registry, NOT_EMPTY)).state.status).toBe('present');
    const none = { kind: 'environment' as const, wrappingKey: '' };
    expect((await openSealingKeys(none, registry, NOT_EMPTY)).state.status).toBe('missing');
  });

  it('are known with a pepper that was rotated in, and a key file of before it is another one', async () => {
    const first = await openSealingKeys(file(), registry, EMPTY);
    const old = await readFile(file().path, 'utf8');
    const content = JSON.parse(old) as { peppers: string[] };
    const rotated = JSON.stringify({ ...content, peppers: [OTHER_KEY, ...content.peppers] });
    await writeFile(file().path, rotated);
    const second = await openSealingKeys(file(), registry, NOT_EMPTY);
    expect(second.keys().peppers.slice(1)).toEqual(first.keys().peppers);
    expect((await openSealingKeys(file(), registry, NOT_EMPTY)).state.status).toBe('present');
    await writeFile(file().path, old);
    expect((await openSealingKeys(file(), registry, NOT_EMPTY)).state.status).toBe('missing');
  });

  it.each([0o640, 0o604, 0o660, 0o700 | 0o001])(
    'are refused from a file of mode %o, by name and without the key',
    async (mode) => {
      const { path } = file();
      await openSealingKeys(file(), registry, EMPTY);
      const text = await readFile(path, 'utf8');
      await chmod(path, mode);
      const refusal = await openSealingKeys(file(), registry, NOT_EMPTY).catch((e: unknown) => e);
      expect(refusal).toBeInstanceOf(LocalKeyFileError);
      const { wrappingKey } = JSON.parse(text) as { wrappingKey: string };
      expect(String(refusal)).toContain(path);
      expect(String(refusal)).not.toContain(wrappingKey);
    },
  );

  it('are refused through a symbolic link, from a folder, and from a damaged file', async () => {
    await openSealingKeys(file(), registry, EMPTY);
    const alias = join(folder, 'alias');
    await symlink(file().path, alias);
    const damaged = join(folder, 'damaged');
    await writeFile(damaged, '{"format":"keyledger-sealing-keys-1","wrappingKey":"AA=="}', {
      mode: 0o600,
    });
    for (const path of [alias, folder, damaged])
      await expect(openSealingKeys({ kind: 'file', path }, registry, NOT_EMPTY)).rejects.toThrow(
        LocalKeyFileError,
      );
  });

  it('are refused from a file of another owner', async () => {
    await openSealingKeys(file(), registry, EMPTY);
    const own = process.getuid;
    process.getuid = () => 4_242;
    try {
      await expect(openSealingKeys(file(), registry, NOT_EMPTY)).rejects.toThrow(/uid 4242/);
    } finally {
      if (own) process.getuid = own;
    }
  });

  it('are demanded at the first start of a ledger: it could never have any later', async () => {
    await expect(
      openSealingKeys({ kind: 'environment', wrappingKey: '' }, registry, EMPTY),
    ).rejects.toThrow(/KEYLEDGER_WRAPPING_KEY is not set/);
  });

  it('are refused from an environment that holds no key, without repeating it', async () => {
    const wrappingKey = 'c2hvcnQga2V5';
    const refusal = await openSealingKeys(
      { kind: 'environment', wrappingKey },
      registry,
      EMPTY,
    ).catch((e: unknown) => e);
    expect(refusal).toBeInstanceOf(SealingKeyConfigurationError);
    expect(String(refusal)).not.toContain(wrappingKey);
  });

  it('are never replaced by a process that comes second', async () => {
    const path = join(folder, 'sealing.json');
    const first = await createLocalKeyFile(path);
    expect(await createLocalKeyFile(path)).toEqual(first);
  });

  it('leave no draft behind, whichever process was first', async () => {
    await Promise.all([
      openSealingKeys(file(), registry, EMPTY),
      openSealingKeys(file(), registry, EMPTY),
    ]);
    expect(await readdir(join(folder, 'keys'))).toEqual(['sealing.json']);
  });
});
