import { generateKeyPairSync, randomBytes, randomUUID, type JsonWebKey } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '#platform/folders';
import { DEVELOPMENT_USERS } from './development-users.js';

/** What one installation keeps, so that issuer, keys and passwords are the same after a restart. */
export interface Installation {
  readonly port: number | undefined;
  readonly cookieKeys: readonly string[];
  readonly signingKeys: readonly (JsonWebKey & {
    readonly kid: string;
    readonly alg: string;
    readonly use: string;
  })[];
}

export const USERS_FILE = 'development-users.json';
const INSTALLATION_FILE = 'identity-provider.json';
/** 120 random bits. */
const PASSWORD_BYTES = 15;

export class InstallationFileError extends Error {
  override readonly name = 'InstallationFileError';
}

/** The test users' passwords, random per installation, as `<folder>/development-users.json`, mode 0600. */
export function readPasswords(folder: string): ReadonlyMap<string, string> {
  const file = join(folder, USERS_FILE);
  const known = (readPrivate(file) ?? {}) as Record<string, string>;
  const missing = DEVELOPMENT_USERS.filter(({ name }) => typeof known[name] !== 'string');
  if (missing.length > 0) {
    for (const { name } of missing) known[name] = randomBytes(PASSWORD_BYTES).toString('base64url');
    writePrivate(folder, file, known);
  }
  return new Map(Object.entries(known));
}

export function readInstallation(folder: string): Installation {
  const file = join(folder, INSTALLATION_FILE);
  const known = readPrivate(file) as Installation | undefined;
  if (known) return known;
  const installation: Installation = {
    port: undefined,
    cookieKeys: [randomBytes(32).toString('base64url')],
    signingKeys: [rsaKey()],
  };
  writePrivate(folder, file, installation);
  return installation;
}

export function rememberPort(folder: string, port: number): void {
  const installation = readInstallation(folder);
  if (installation.port !== port)
    writePrivate(folder, join(folder, INSTALLATION_FILE), { ...installation, port });
}

function rsaKey(): Installation['signingKeys'][number] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

function readPrivate(file: string): unknown {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      throw new InstallationFileError(
        `${file} can be read by others than its owner: chmod 600 it, or remove it`,
      );
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InstallationFileError(
      `${file} is no JSON: restore it, or remove it to start with new ones`,
    );
  }
}

/** Whole or not at all: a crash in between leaves the former file. */
function writePrivate(folder: string, file: string, content: unknown): void {
  makeFolder(folder, 0o700);
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}
