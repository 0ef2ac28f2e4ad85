import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CredentialsError,
  CredentialsFile,
  LOCK_AGE_MS_MAX,
  type Credentials,
} from './credentials.js';
import { tokenSource } from './token-source.js';

const sam: Credentials = {
  issuer: 'https://id.example',
  clientId: 'keyledger-cli',
  accessToken: 'sam-token',
  expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
};

describe('what a login keeps', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyledger-login-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const environment = () => ({ KEYLEDGER_CONFIG_DIR: join(folder, 'config') });

  it('lies in a file of its owner only, by API, and leaves nothing else behind', () => {
    const file = new CredentialsFile(environment());
    file.write('http://one', sam);
    file.write('http://other', { ...sam, accessToken: 'other' });
    expect(statSync(file.file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'config')).mode & 0o777).toBe(0o700);
    expect(file.read('http://one')).toEqual(sam);
    file.write('http://one', undefined);
    expect(file.read('http://one')).toBeUndefined();
    expect(file.read('http://other')?.accessToken).toBe('other');
    expect(readdirSync(join(folder, 'config'))).toEqual(['credentials.json']);
  });

  it('is refused when others can read it, or when it is no JSON', () => {
    const file = new CredentialsFile(environment());
    file.write('http://one', sam);
    chmodSync(file.file, 0o640);
    expect(() => file.read('http://one')).toThrow(CredentialsError);
    chmodSync(file.file, 0o600);
    writeFileSync(file.file, '{"http');
    expect(() => file.read('http://one')).toThrow(CredentialsError);
  });

  it('is changed by one command at a time, and a lock that was left behind is taken over', async () => {
    const file = new CredentialsFile(environment());
    const order: string[] = [];
    const work = (name: string) => () => {
      order.push(`${name} begins`);
      return new Promise<void>((resolve) => {
        setImmediate(() => {
          order.push(`${name} ends`);
          resolve();
        });
      });
    };
    await Promise.all([file.exclusively(work('a')), file.exclusively(work('b'))]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    const lock = `${file.file}.lock`;
    writeFileSync(lock, '');
    const old = new Date(Date.now() - LOCK_AGE_MS_MAX - 1_000);
    utimesSync(lock, old, old);
    await expect(file.exclusively(() => Promise.resolve('taken'))).resolves.toBe('taken');
  });

  it('lies where XDG says, unless another folder is given', () => {
    expect(new CredentialsFile({ XDG_CONFIG_HOME: '/xdg' }).file).toBe(
      '/xdg/keyledger/credentials.json',
    );
    expect(
      new CredentialsFile({ XDG_CONFIG_HOME: '/xdg', KEYLEDGER_CONFIG_DIR: '/mine' }).file,
    ).toBe('/mine/credentials.json');
  });

  it('gives way to KEYLEDGER_TOKEN, and to a clear line when there is neither', async () => {
    const source = tokenSource('http://one', { ...environment(), KEYLEDGER_TOKEN: 'machine' });
    await expect(source()).resolves.toBe('machine');
    await expect(source('machine')).rejects.toThrow('KEYLEDGER_TOKEN was refused');
    await expect(tokenSource('http://one', environment())()).rejects.toThrow('not logged in');
    new CredentialsFile(environment()).write('http://one', sam);
    await expect(tokenSource('http://one', environment())()).resolves.toBe('sam-token');
    await expect(tokenSource('http://one', environment())('sam-token')).rejects.toThrow(
      'the login is over',
    );
  });
});
