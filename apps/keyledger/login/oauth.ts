import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials } from './credentials.js';

export const CLIENT_ID_DEFAULT = 'keyledger-cli';
export const SCOPE_DEFAULT = 'openid offline_access keyledger';
export const ISSUER_TIMEOUT_MS = 10_000;
/** How long a person may take to sign in. */
export const LOGIN_TIMEOUT_MS = 300_000;
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const DEVELOPMENT_GRANT = 'urn:keyledger:grant-type:development-password';

export class LoginError extends Error {
  override readonly name = 'LoginError';
}

export interface LoginOptions {
  readonly issuer: string;
  readonly clientId?: string;
  readonly scope?: string;
  /** Shows a line to the person. */
  readonly tell: (line: string) => void;
  /** Opens the browser; that it fails does not matter, for the address was shown. */
  readonly open?: (url: string) => void;
  readonly signal?: AbortSignal;
}

interface Metadata {
  readonly issuer: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly device_authorization_endpoint?: string;
  readonly revocation_endpoint?: string;
}

interface TokenAnswer {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
  readonly error?: string;
  readonly error_description?: string;
}

/** Authorization code with PKCE, answered to a free port of 127.0.0.1 (RFC 8252). */
export async function loginWithBrowser(options: LoginOptions): Promise<Credentials> {
  const { clientId = CLIENT_ID_DEFAULT, scope = SCOPE_DEFAULT, tell, open } = options;
  const metadata = await discover(options.issuer);
  const endpoint = required(metadata, 'authorization_endpoint');
  const verifier = randomBytes(48).toString('base64url');
  const state = randomBytes(24).toString('base64url');
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    const redirectUri = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/callback`;
    const url = new URL(endpoint);
    for (const [name, value] of Object.entries({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }))
      url.searchParams.set(name, value);
    const answer = answerOf(server, state, metadata.issuer, options.signal);
    tell(`Sign in at ${url.href}`);
    open?.(url.href);
    const code = await answer;
    const tokens = await tokenRequest(metadata, {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    return credentialsOf(tokens, metadata.issuer, clientId);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** For machines without a browser of their own (RFC 8628). */
export async function loginWithDevice(options: LoginOptions): Promise<Credentials> {
  const { clientId = CLIENT_ID_DEFAULT, scope = SCOPE_DEFAULT, tell, signal } = options;
  const metadata = await discover(options.issuer);
  const device = await post<{
    device_code?: string;
    user_code?: string;
    verification_uri?: string;
    verification_uri_complete?: string;
    expires_in?: number;
    interval?: number;
    error_description?: string;
    error?: string;
  }>(required(metadata, 'device_authorization_endpoint'), { client_id: clientId, scope });
  if (!device.device_code || !device.user_code || !device.verification_uri)
    throw new LoginError(
      `the issuer refused: ${device.error_description ?? device.error ?? 'no device code'}`,
    );
  tell(
    `Open ${device.verification_uri_complete ?? device.verification_uri} and enter the code ${device.user_code}`,
  );
  let intervalMs = (device.interval ?? 5) * 1_000;
  const endsAt = performance.now() + Math.min((device.expires_in ?? 300) * 1_000, LOGIN_TIMEOUT_MS);
  while (performance.now() < endsAt) {
    await delay(intervalMs, undefined, signal ? { signal } : {});
    const tokens = await post<TokenAnswer>(required(metadata, 'token_endpoint'), {
      grant_type: DEVICE_GRANT,
      client_id: clientId,
      device_code: device.device_code,
    });
    if (tokens.access_token) return credentialsOf(tokens, metadata.issuer, clientId);
    if (tokens.error === 'slow_down') intervalMs += 5_000;
    else if (tokens.error !== 'authorization_pending')
      throw new LoginError(
        `not signed in: ${tokens.error_description ?? tokens.error ?? 'no token'}`,
      );
  }
  throw new LoginError('nobody signed in in time; start again');
}

/** Development only: the development identity provider gives its test users tokens for their password. */
export async function loginWithPassword(
  options: Pick<LoginOptions, 'issuer' | 'clientId'> & {
    readonly user: string;
    readonly password: string;
  },
): Promise<Credentials> {
  const { clientId = CLIENT_ID_DEFAULT, user, password } = options;
  const metadata = await discover(options.issuer);
  const tokens = await tokenRequest(metadata, {
    grant_type: DEVELOPMENT_GRANT,
    client_id: clientId,
    username: user,
    password,
  });
  return credentialsOf(tokens, metadata.issuer, clientId);
}

export async function refresh({
  issuer,
  clientId,
  refreshToken,
}: Credentials): Promise<Credentials> {
  if (refreshToken === undefined) throw new LoginError('the login is over; run `keyledger login`');
  const tokens = await tokenRequest(await discover(issuer), {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
  });
  return credentialsOf({ refresh_token: refreshToken, ...tokens }, issuer, clientId);
}

/** Best effort: the file is removed in any case. */
export async function revoke({ issuer, clientId, refreshToken }: Credentials): Promise<void> {
  if (refreshToken === undefined) return;
  const { revocation_endpoint: endpoint } = await discover(issuer);
  if (endpoint !== undefined)
    await fetch(endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: clientId,
        token: refreshToken,
        token_type_hint: 'refresh_token',
      }),
      signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
    });
}

function answerOf(
  server: Server,
  state: string,
  issuer: string,
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new LoginError('nobody signed in in time; start again'));
    }, LOGIN_TIMEOUT_MS);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new LoginError('interrupted'));
    });
    server.on('request', (request, response) => {
      const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
      const query = url?.searchParams;
      const say = (status: number, text: string) => {
        response.writeHead(status, {
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': "default-src 'none'",
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
          connection: 'close',
        });
        response.end(
          `<!doctype html><html lang="en"><title>Keyledger</title><h1>Keyledger</h1><p>${text}</p></html>`,
        );
      };
      // Other tabs and scanners may knock here: only the answer to our own question counts.
      if (url?.pathname !== '/callback' || query?.get('state') !== state) {
        say(404, 'Nothing here.');
        return;
      }
      clearTimeout(timer);
      const code = query.get('code');
      if (code === null || (query.get('iss') ?? issuer) !== issuer) {
        say(400, 'The sign-in failed. Go back to the terminal.');
        reject(
          new LoginError(
            `not signed in: ${query.get('error_description') ?? query.get('error') ?? 'no code'}`,
          ),
        );
        return;
      }
      say(200, 'Signed in. You can close this page and go back to the terminal.');
      resolve(code);
    });
  });
}

async function discover(issuer: string): Promise<Metadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let metadata: Metadata;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) throw new Error(`it answered ${String(response.status)}`);
    metadata = (await response.json()) as Metadata;
  } catch (error) {
    throw new LoginError(`the issuer ${issuer} can't be reached: ${reasonOf(error)}`);
  }
  if (metadata.issuer !== issuer) throw new LoginError(`${url} speaks for another issuer`);
  return metadata;
}

function required(metadata: Metadata, name: Exclude<keyof Metadata, 'issuer'>): string {
  const endpoint = metadata[name];
  if (endpoint === undefined) throw new LoginError(`the issuer ${metadata.issuer} has no ${name}`);
  return endpoint;
}

async function tokenRequest(
  metadata: Metadata,
  parameters: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  const tokens = await post<TokenAnswer>(required(metadata, 'token_endpoint'), parameters);
  if (!tokens.access_token)
    throw new LoginError(
      `the issuer refused: ${tokens.error_description ?? tokens.error ?? 'no token'}`,
    );
  return tokens;
}

async function post<T>(url: string, parameters: Readonly<Record<string, string>>): Promise<T> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(parameters),
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
    });
    return (await response.json()) as T;
  } catch (error) {
    throw new LoginError(`the issuer can't be reached: ${reasonOf(error)}`);
  }
}

function credentialsOf(tokens: TokenAnswer, issuer: string, clientId: string): Credentials {
  return {
    issuer,
    clientId,
    accessToken: tokens.access_token ?? '',
    ...(tokens.refresh_token === undefined ? {} : { refreshToken: tokens.refresh_token }),
    expiresAt: new Date(Date.now() + (tokens.expires_in ?? 0) * 1_000).toISOString(),
  };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
