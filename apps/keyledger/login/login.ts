import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CredentialsFile } from './credentials.js';
import {
  ISSUER_TIMEOUT_MS,
  LoginError,
  loginWithBrowser,
  loginWithDevice,
  loginWithPassword,
  revoke,
} from './oauth.js';

export interface LoginRequest {
  /** The API's address: tokens are kept by it. */
  readonly api: string;
  /** Default: what the API says (`/.well-known/oauth-protected-resource`). */
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string;
  readonly device?: boolean;
  /** Development only: a test user, with the file that holds the passwords. */
  readonly as?: { readonly user: string; readonly passwordsFile: string };
  readonly tell: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  readonly open?: (url: string) => void;
}

/** Signs in and keeps the tokens. Answers the issuer and the file. @throws {LoginError} */
export async function login(
  request: LoginRequest,
): Promise<{ readonly issuer: string; readonly file: string }> {
  const { api, as, device, tell, open = openBrowser } = request;
  const issuer = request.issuer ?? (await issuerOf(api));
  const options = {
    issuer,
    tell,
    open,
    ...(request.clientId === undefined ? {} : { clientId: request.clientId }),
    ...(request.scope === undefined ? {} : { scope: request.scope }),
  };
  const credentials = as
    ? await loginWithPassword({
        ...options,
        user: as.user,
        password: passwordOf(as.user, as.passwordsFile),
      })
    : await (device ? loginWithDevice : loginWithBrowser)(options);
  const file = new CredentialsFile(request.environment);
  await file.exclusively(() => {
    file.write(api, credentials);
    return Promise.resolve();
  });
  return { issuer, file: file.file };
}

/** Forgets the tokens, and has the issuer forget them. `false`: there were none. */
export async function logout(api: string, environment?: NodeJS.ProcessEnv): Promise<boolean> {
  const file = new CredentialsFile(environment);
  const credentials = file.read(api);
  if (!credentials) return false;
  await file.exclusively(() => {
    file.write(api, undefined);
    return Promise.resolve();
  });
  // An issuer that is down keeps the refresh token until it runs out; this machine no longer has it.
  await revoke(credentials).catch(() => undefined);
  return true;
}

export async function issuerOf(api: string): Promise<string> {
  let servers: unknown;
  try {
    const response = await fetch(
      `${api.replace(/\/+$/, '')}/.well-known/oauth-protected-resource`,
      {
        signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
        redirect: 'error',
      },
    );
    ({ authorization_servers: servers } = (await response.json()) as {
      authorization_servers?: unknown;
    });
  } catch {
    throw new LoginError(
      `${api} does not answer; is Keyledger running there? (--api, KEYLEDGER_API)`,
    );
  }
  if (!Array.isArray(servers) || servers.length === 0)
    throw new LoginError(`${api} names no issuer; give one with --issuer`);
  if (servers.length > 1)
    throw new LoginError(
      `${api} believes several issuers; choose with --issuer: ${servers.join(', ')}`,
    );
  return String(servers[0]);
}

function passwordOf(user: string, file: string): string {
  let passwords: Readonly<Record<string, unknown>>;
  try {
    passwords = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    throw new LoginError(`no test users in ${file}; --as works beside a development server only`);
  }
  const password = passwords[user];
  if (typeof password !== 'string')
    throw new LoginError(`no test user ${user}; there are ${Object.keys(passwords).join(', ')}`);
  return password;
}

function openBrowser(url: string): void {
  const commands: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };
  try {
    spawn(commands[process.platform] ?? 'xdg-open', [url], { stdio: 'ignore', detached: true })
      .on('error', () => undefined)
      .unref();
  } catch {
    // The address was shown.
  }
}
