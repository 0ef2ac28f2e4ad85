import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessOptions, JoseTokenVerifier } from '#access';
import { FixedClock } from '#kernel/testing';
import {
  CredentialsFile,
  login,
  loginWithBrowser,
  loginWithDevice,
  loginWithPassword,
  logout,
  tokenSource,
} from '../keyledger/login/index.js';
import {
  assertOnlyDevelopmentIssuer,
  IdentityProviderError,
  InstallationFileError,
  startIdentityProvider,
  type IdentityProvider,
} from './index.js';

interface Claims {
  readonly [claim: string]: unknown;
}
const part = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Claims;

/** What a browser does with cookies and redirects, on one origin. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async open(
    url: string,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ url: string; status: number; html: string }> {
    let target = url;
    let init: RequestInit = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
    for (let hop = 0; hop < 10; hop += 1) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(target, { ...init, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [pair = ''] = line.split(';');
        const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
        if (value === '') this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status > 399)
        return { url: target, status: response.status, html: await response.text() };
      target = new URL(location, target).href;
      init = {};
    }
    throw new Error('too many redirects');
  }
}

describe('the development identity provider', () => {
  let folder: string;
  let provider: IdentityProvider;
  const password = (name: string) =>
    provider.users.find((user) => user.name === name)?.password ?? '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keyledger-idp-'));
    provider = await startIdentityProvider({ folder });
  });
  afterAll(async () => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (name: string) => ({ KEYLEDGER_CONFIG_DIR: join(folder, `config-${name}`) });

  it('listens on 127.0.0.1 and keeps random passwords in a file of its owner only', () => {
    expect(provider.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(statSync(provider.usersFile).mode & 0o777).toBe(0o600);
    const passwords = JSON.parse(readFileSync(provider.usersFile, 'utf8')) as Record<
      string,
      string
    >;
    expect(Object.keys(passwords)).toEqual(['olivia', 'sam', 'max', 'kim', 'cora', 'pat', 'nora']);
    expect(new Set(Object.values(passwords)).size).toBe(7);
    for (const one of Object.values(passwords)) expect(one.length).toBeGreaterThanOrEqual(20);
  });

  it('answers to its own name only, and goes on after an address that is none', async () => {
    const headers = { host: 'evil.example' };
    const [other] = (await once(get(provider.issuer, { headers, agent: false }), 'response')) as [
      IncomingMessage,
    ];
    other.resume();
    expect(other.statusCode).toBe(421);
    const none = await fetch(`${provider.issuer}//`, { signal: AbortSignal.timeout(30_000) });
    expect(none.status).toBe(404);
    expect((await fetch(`${provider.issuer}/jwks`)).status).toBe(200);
  });

  it('signs in with authorization code and PKCE over a loopback redirect, and out again', async () => {
    const browser = new Browser();
    const credentials = await loginWithBrowser({
      issuer: provider.issuer,
      tell: () => undefined,
      open: (url) => {
        void (async () => {
          // Others knock there too.
          const { origin } = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
          for (const path of ['//', '/callback?state=guessed'])
            expect((await fetch(`${origin}${path}`)).status).toBe(404);
          const { url: form, html } = await browser.open(url);
          expect(html).toContain('<label for="username">');
          const wrong = await browser.open(form, { username: 'sam', password: 'guessed' });
          expect(wrong.status).toBe(401);
          await browser.open(form, { username: 'sam', password: password('sam') });
        })();
      },
    });
    expect(part(credentials.accessToken, 0)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
    expect(part(credentials.accessToken, 1)).toMatchObject({
      iss: provider.issuer,
      aud: 'keyledger',
      sub: 'sam',
      network_id: 101,
      client_id: 'keyledger-cli',
    });
    expect(credentials.refreshToken).toBeDefined();

    const file = new CredentialsFile(environment('sam'));
    file.write('http://api', { ...credentials, expiresAt: new Date().toISOString() });
    expect(statSync(file.file).mode & 0o777).toBe(0o600);
    const source = tokenSource('http://api', environment('sam'));
    const tokens = await Promise.all([source(), source(), source()]);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(credentials.accessToken);
    expect(part(tokens[0], 1)).toMatchObject({
      sub: 'sam',
      network_id: 101,
      aud: 'keyledger',
    });
    const again = await source(tokens[0]);
    expect(again).not.toBe(tokens[0]);

    const { refreshToken = '' } = file.read('http://api') ?? {};
    await expect(logout('http://api', environment('sam'))).resolves.toBe(true);
    await expect(logout('http://api', environment('sam'))).resolves.toBe(false);
    await expect(source()).rejects.toThrow('not logged in');
    const used = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'keyledger-cli',
        refresh_token: refreshToken,
      }),
    });
    expect(used.status).toBe(400);
  });

  it('gives tokens that the ledger takes, for the network or the operator that they say, and ID tokens that it refuses', async () => {
    const issuer = {
      issuer: provider.issuer,
      audience: provider.audience,
      networkClaim: 'network_id',
      operators: true,
    };
    const verifier = new JoseTokenVerifier(
      new AccessOptions({ issuers: [{ ...issuer, networks: 'any' }] }),
      new FixedClock(new Date()),
    );
    const token = async (user: string) =>
      (await loginWithPassword({ issuer: provider.issuer, user, password: password(user) }))
        .accessToken;
    for (const { name, networkId } of provider.users)
      await expect(verifier.verify(await token(name))).resolves.toEqual({
        issuer: provider.issuer,
        subject: name,
        networkId,
        operator: networkId === null,
        service: false,
      });
    const [header, payload] = [part(await token('sam'), 0), part(await token('sam'), 1)];
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signature = (await token('sam')).split('.')[2] ?? '';
    const forged = [encode({ ...header, typ: 'JWT' }), encode(payload), signature].join('.');
    await expect(verifier.verify(forged)).rejects.toMatchObject({ reason: 'type' });
    const raised = [
      encode(header),
      encode({ ...payload, keyledger_operator: true }),
      signature,
    ].join('.');
    await expect(verifier.verify(raised)).rejects.toMatchObject({ reason: 'signature' });
  });

  it('refuses a code without its verifier, and a redirect to elsewhere', async () => {
    const ask = (extra: Record<string, string>) =>
      new Browser().open(
        `${provider.issuer}/auth?${new URLSearchParams({ client_id: 'keyledger-cli', response_type: 'code', scope: 'openid', ...extra }).toString()}`,
      );
    expect(
      (
        await ask({
          redirect_uri: 'https://evil.example/callback',
          code_challenge: 'x'.repeat(43),
          code_challenge_method: 'S256',
        })
      ).status,
    ).toBe(400);
    expect(
      (
        await ask({
          redirect_uri: 'http://127.0.0.1:9/else',
          code_challenge: 'x'.repeat(43),
          code_challenge_method: 'S256',
        })
      ).status,
    ).toBe(400);
  });

  it('signs in with a device code', async () => {
    const browser = new Browser();
    const told: string[] = [];
    const credentials = await loginWithDevice({
      issuer: provider.issuer,
      tell: (line) => {
        told.push(line);
        void (async () => {
          const address = /http\S+/.exec(line)?.[0] ?? '';
          const first = await browser.open(address);
          const field = (name: string, html: string) =>
            new RegExp(`name="${name}" value="([^"]*)"|value="([^"]*)" name="${name}"`)
              .exec(html)
              ?.slice(1)
              .find(Boolean) ?? '';
          const hidden = (html: string) =>
            Object.fromEntries(
              [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
                ([, name, value]) => [name, value],
              ),
            ) as Record<string, string>;
          expect(field('xsrf', first.html)).not.toBe('');
          // The provider's script presses the button; here a person does.
          const confirm = await browser.open(`${provider.issuer}/device`, hidden(first.html));
          const login = await browser.open(`${provider.issuer}/device`, {
            ...hidden(confirm.html),
            confirm: 'yes',
          });
          const done = await browser.open(login.url, {
            username: 'olivia',
            password: password('olivia'),
          });
          expect(done.html).toContain('You can close this page');
        })();
      },
    });
    expect(told[0]).toMatch(/enter the code [A-Z]{4}-[A-Z]{4}/);
    expect(part(credentials.accessToken, 1)).toMatchObject({
      sub: 'olivia',
      keyledger_operator: true,
    });
    expect(part(credentials.accessToken, 1)['network_id']).toBeUndefined();
  });

  it('gives scripts a token for user and password, and for nothing else', async () => {
    const lines: string[] = [];
    const request = {
      api: 'http://api',
      issuer: provider.issuer,
      tell: (line: string) => lines.push(line),
      environment: environment('nora'),
      as: { user: 'nora', passwordsFile: provider.usersFile },
    };
    await login(request);
    const token = await tokenSource('http://api', environment('nora'))();
    expect(part(token, 1)).toMatchObject({ sub: 'nora', network_id: 102, aud: 'keyledger' });
    expect(part(token, 0)).toMatchObject({ typ: 'at+jwt' });
    await expect(login({ ...request, as: { ...request.as, user: 'mallory' } })).rejects.toThrow(
      'no test user mallory',
    );
    const guess = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:keyledger:grant-type:development-password',
        client_id: 'keyledger-cli',
        username: 'sam',
        password: '',
      }),
    });
    expect(guess.status).toBe(400);
    expect(await guess.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('is the same issuer with the same keys and passwords after a restart', async () => {
    const before = provider;
    // A connection of its own each time: the pool of `fetch` may still hold one to the provider that was closed.
    const keys = () =>
      new Promise((resolve, reject) => {
        get(`${provider.issuer}/jwks`, { agent: false }, (response) => {
          resolve(json(response));
        }).on('error', reject);
      });
    const known = await keys();
    await before.close();
    provider = await startIdentityProvider({ folder });
    expect(provider.issuer).toBe(before.issuer);
    expect(await keys()).toEqual(known);
    expect(JSON.stringify(known)).not.toContain('"d"');
    expect(provider.users).toEqual(before.users);
  });

  it('says in one line that its port is taken, or its files stand open', async () => {
    await expect(startIdentityProvider({ folder })).rejects.toThrow(IdentityProviderError);
    const other = mkdtempSync(join(tmpdir(), 'keyledger-idp-'));
    writeFileSync(join(other, 'development-users.json'), '{}');
    chmodSync(join(other, 'development-users.json'), 0o644);
    await expect(startIdentityProvider({ folder: other })).rejects.toThrow(InstallationFileError);
    chmodSync(join(other, 'development-users.json'), 0o600);
    writeFileSync(join(other, 'development-users.json'), '{"sam":');
    await expect(startIdentityProvider({ folder: other })).rejects.toThrow(InstallationFileError);
    rmSync(other, { recursive: true });
  });

  it('refuses a ledger that knows another issuer', () => {
    expect(() => {
      assertOnlyDevelopmentIssuer(provider.issuer, [provider.issuer]);
      assertOnlyDevelopmentIssuer(provider.issuer, []);
    }).not.toThrow();
    expect(() => {
      assertOnlyDevelopmentIssuer(provider.issuer, [provider.issuer, 'https://id.example']);
    }).toThrow('https://id.example');
  });
});
