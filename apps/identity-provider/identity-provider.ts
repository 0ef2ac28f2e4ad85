import { timingSafeEqual, createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type Provider from 'oidc-provider';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { DEVELOPMENT_USERS, type DevelopmentUser } from './development-users.js';
import { readInstallation, readPasswords, rememberPort, USERS_FILE } from './installation-files.js';
import {
  confirmPage,
  escaped,
  loginPage,
  messagePage,
  PAGE_HEADERS,
  page,
  userCodePage,
} from './pages.js';

export const DEVELOPMENT_CLIENT = 'keyledger-cli';
export const DEVELOPMENT_AUDIENCE = 'keyledger';
/** For scripts, development only: user and password of the 0600 file, without a browser. */
export const DEVELOPMENT_GRANT = 'urn:keyledger:grant-type:development-password';
export const ACCESS_TOKEN_SECONDS_DEFAULT = 3_600;
export const REFRESH_TOKEN_SECONDS = 14 * 24 * 3_600;
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;
export const FORM_BYTES_MAX = 4_096;
const RESOURCE = 'urn:keyledger:api';
const SCOPE = 'keyledger';
const HOST = '127.0.0.1';

export interface IdentityProviderOptions {
  /** Where passwords and signing keys are kept (0600, made when missing). */
  readonly folder: string;
  /** Default: the port of the last start, else a free one. The issuer's name holds it. */
  readonly port?: number;
  readonly accessTokenSeconds?: number;
  /** Lines for the console; default: none. */
  readonly log?: (line: string) => void;
}

export interface DevelopmentLogin extends DevelopmentUser {
  readonly password: string;
}

export interface IdentityProvider {
  readonly issuer: string;
  readonly audience: string;
  readonly users: readonly DevelopmentLogin[];
  readonly usersFile: string;
  close(): Promise<void>;
}

export class IdentityProviderError extends Error {
  override readonly name = 'IdentityProviderError';
}

/**
 * An OpenID Connect provider with test users, on 127.0.0.1 only, for development and tests: never part of a production
 * start. Issuer, keys and passwords stay the same in the same folder.
 *
 * @throws {IdentityProviderError} the port is taken, or the development dependencies are not installed.
 */
export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  const { folder, accessTokenSeconds = ACCESS_TOKEN_SECONDS_DEFAULT } = options;
  const installation = readInstallation(folder);
  const passwords = readPasswords(folder);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS });
  const port = await listen(server, options.port ?? installation.port ?? 0);
  try {
    rememberPort(folder, port);
    const issuer = `http://${HOST}:${String(port)}`;
    const users = DEVELOPMENT_USERS.map((user) => ({
      ...user,
      password: passwords.get(user.name) ?? '',
    }));
    const usersFile = join(folder, USERS_FILE);
    const { default: OidcProvider } = await loadProvider();
    const provider = quietly(
      () =>
        new OidcProvider(issuer, {
          ...configurationOf(users, accessTokenSeconds),
          jwks: { keys: installation.signingKeys },
          cookies: {
            keys: [...installation.cookieKeys],
            names: { session: 'keyledger_dev_session' },
          },
        }),
    );
    addPasswordGrant(provider, users, accessTokenSeconds);
    if (options.log) {
      const { log } = options;
      provider.on('server_error', (_, error) => {
        log(`identity provider: ${error.message}`);
      });
    }
    server.on('request', (request, response) => {
      void serve(provider, users, usersFile, `${HOST}:${String(port)}`, request, response);
    });
    return {
      issuer,
      audience: DEVELOPMENT_AUDIENCE,
      users,
      usersFile,
      close: () => closed(server),
    };
  } catch (error) {
    await closed(server);
    throw error;
  }
}

async function loadProvider() {
  try {
    return await import('oidc-provider');
  } catch (error) {
    throw new IdentityProviderError(
      'the development identity provider needs the development dependencies (npm ci); in production, set KEYLEDGER_ISSUERS',
      { cause: error },
    );
  }
}

function configurationOf(
  users: readonly DevelopmentLogin[],
  accessTokenSeconds: number,
): Configuration {
  const find = (name: string) => users.find((user) => user.name === name);
  return {
    clients: [
      {
        client_id: DEVELOPMENT_CLIENT,
        client_name: 'Keyledger CLI',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        // Of a native client, any port of a loopback address fits (RFC 8252, section 7.3).
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
        grant_types: [
          'authorization_code',
          'refresh_token',
          'urn:ietf:params:oauth:grant-type:device_code',
          DEVELOPMENT_GRANT,
        ],
      },
    ],
    scopes: ['openid', 'offline_access'],
    findAccount: (_, name) =>
      find(name) ? { accountId: name, claims: () => ({ sub: name }) } : undefined,
    extraTokenClaims: (_, token) => claimsOf(find(('accountId' in token && token.accountId) || '')),
    pkce: { required: () => true },
    responseTypes: ['code'],
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    loadExistingGrant: grantEverything,
    renderError: (context, out) => {
      render(context, messagePage('This did not work', out.error_description ?? out.error));
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: REFRESH_TOKEN_SECONDS,
      IdToken: accessTokenSeconds,
      Interaction: 600,
      RefreshToken: REFRESH_TOKEN_SECONDS,
      Session: REFRESH_TOKEN_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context, form, _, error) => {
          render(
            context,
            userCodePage(form, error ? 'That code is not known, or too old.' : undefined),
          );
        },
        userCodeConfirmSource: (context, form, _, __, userCode) => {
          render(context, confirmPage(form, userCode));
        },
        successSource: (context) => {
          render(
            context,
            messagePage('Signed in', 'You can close this page and go back to the terminal.'),
          );
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resourceServer(accessTokenSeconds),
      },
    },
  };
}

const resourceServer = (accessTokenSeconds: number) => ({
  scope: SCOPE,
  audience: DEVELOPMENT_AUDIENCE,
  accessTokenFormat: 'jwt' as const,
  accessTokenTTL: accessTokenSeconds,
  jwt: { sign: { alg: 'RS256' as const } },
});

const claimsOf = (user: DevelopmentUser | undefined) =>
  user?.networkId === null ? { keyledger_operator: true } : { network_id: user?.networkId };

/** The one client is our own: signing in is the consent. */
const grantEverything: NonNullable<Configuration['loadExistingGrant']> = async ({ oidc }) => {
  const { client, session, provider } = oidc;
  if (!client || !session?.accountId) return undefined;
  const known = session.grantIdFor(client.clientId);
  const grant =
    (known === undefined ? undefined : await provider.Grant.find(known)) ??
    new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(RESOURCE, SCOPE);
  await grant.save();
  return grant;
};

function addPasswordGrant(
  provider: Provider,
  users: readonly DevelopmentLogin[],
  accessTokenSeconds: number,
): void {
  const handler = async (context: KoaContextWithOIDC) => {
    const { client, params } = context.oidc;
    const user = authenticated(users, params?.['username'], params?.['password']);
    if (!client || !user) {
      context.status = 400;
      context.body = { error: 'invalid_grant', error_description: 'user or password is wrong' };
      return;
    }
    const grant = new provider.Grant({ accountId: user.name, clientId: client.clientId });
    grant.addResourceScope(RESOURCE, SCOPE);
    const token = new provider.AccessToken({
      accountId: user.name,
      client,
      grantId: await grant.save(),
      gty: DEVELOPMENT_GRANT,
      scope: SCOPE,
    });
    token.resourceServer = new provider.ResourceServer(
      RESOURCE,
      resourceServer(accessTokenSeconds),
    );
    context.oidc.entity('AccessToken', token);
    context.body = {
      access_token: await token.save(),
      token_type: token.tokenType,
      expires_in: token.expiration,
      scope: SCOPE,
    };
  };
  provider.registerGrantType(DEVELOPMENT_GRANT, handler, ['username', 'password']);
}

function authenticated(
  users: readonly DevelopmentLogin[],
  name: unknown,
  password: unknown,
): DevelopmentLogin | undefined {
  const user = users.find((one) => one.name === name);
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const same = timingSafeEqual(
    digest(user?.password ?? ''),
    digest(typeof password === 'string' ? password : ''),
  );
  return same && user?.password !== '' ? user : undefined;
}

async function serve(
  provider: Provider,
  users: readonly DevelopmentLogin[],
  usersFile: string,
  host: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A page elsewhere that makes its own name point to 127.0.0.1 speaks of another host.
  if (request.headers.host !== host) {
    response.writeHead(421, PAGE_HEADERS).end(messagePage('Wrong address', `Use http://${host}.`));
    return;
  }
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  if (path === '/') {
    const names = users
      .map(({ name, about }) => `<li><b>${escaped(name)}</b>: ${escaped(about)}</li>`)
      .join('\n');
    response
      .writeHead(200, PAGE_HEADERS)
      .end(
        page(
          'Development identity provider',
          `<ul>${names}</ul><p>Passwords: <code>${escaped(usersFile)}</code></p>`,
        ),
      );
    return;
  }
  if (!path.startsWith('/interaction/')) {
    await provider.callback()(request, response);
    return;
  }
  try {
    const { uid } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST') {
      response.writeHead(200, PAGE_HEADERS).end(loginPage(uid, usersFile));
      return;
    }
    const form = await formOf(request);
    const user = authenticated(users, form.get('username'), form.get('password'));
    // A native client is asked for consent each time: signing in gives it.
    if (user)
      await provider.interactionFinished(request, response, {
        login: { accountId: user.name },
        consent: {},
      });
    else
      response
        .writeHead(401, PAGE_HEADERS)
        .end(loginPage(uid, usersFile, 'User or password is wrong.'));
  } catch {
    if (!response.headersSent)
      response
        .writeHead(400, PAGE_HEADERS)
        .end(messagePage('This sign-in is over', 'Start again from the terminal.'));
  }
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > FORM_BYTES_MAX) throw new IdentityProviderError('form too large');
  }
  return new URLSearchParams(text);
}

function render(context: KoaContextWithOIDC, html: string): void {
  context.set(PAGE_HEADERS);
  context.body = html;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new IdentityProviderError(
              `port ${String(port)} of the development identity provider is taken; stop what uses it, for its number is part of the issuer's name`,
            )
          : error,
      );
    });
    server.listen(port, HOST, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

/** The provider prints warnings about development settings while it is made: they are what we are. */
function quietly<T>(make: () => T): T {
  const { info, warn } = console;
  console.info = () => undefined;
  console.warn = () => undefined;
  try {
    return make();
  } finally {
    Object.assign(console, { info, warn });
  }
}
