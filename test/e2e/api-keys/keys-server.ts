import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '#platform/config';
import { TestPatience } from '#projections/testing';
import { TEST_AUDIENCE, startTestIssuer } from '#test/issuer';
import type { TestIssuer } from '#test/issuer';
import { testDatabase } from '#test/postgres';
import { startServer } from '../../../apps/keyledger/serve/start-server.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** All of an answer that may not differ between two causes: everything but the correlation id. */
export const comparable = ({ status, body }: Reply): object => ({
  status,
  ...body,
  correlationId: undefined,
});

export interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export type KeysServer = Awaited<ReturnType<typeof startKeysServer>>;

/** The whole product in this process on a fresh database: real tokens, real HTTP. */
export async function startKeysServer() {
  const database = await testDatabase();
  const issuer = await startTestIssuer();
  const folder = await mkdtemp(path.join(tmpdir(), 'keyledger-e2e-'));
  const config = readConfig(
    {
      KEYLEDGER_DATA_DIR: folder,
      KEYLEDGER_PORT: '0',
      DATABASE_URL: database.url,
      KEYLEDGER_LOG_LEVEL: 'fatal',
      KEYLEDGER_WRAPPING_KEY: randomBytes(32).toString('base64'),
      KEYLEDGER_ISSUERS: JSON.stringify([
        {
          issuer: issuer.issuer,
          audience: TEST_AUDIENCE,
          networkClaim: 'network_id',
          networks: 'any',
          operators: true,
        },
      ]),
    },
    folder,
  );
  const server = await startServer({
    role: 'serve',
    config,
    signal: new AbortController().signal,
    tell: () => undefined,
    readPatience: new TestPatience(),
  });

  const call = async (to: string, options: Call = {}): Promise<Reply> => {
    const { token, body, form, headers = {} } = options;
    const response = await fetch(new URL(to, server.url), {
      method: options.method ?? (body === undefined && !form ? 'GET' : 'POST'),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(form ? { body: new URLSearchParams(form) } : {}),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : {}) as Record<string, unknown>,
    };
  };

  return {
    call,
    issuer,
    network: (networkId: number) => newNetwork(call, issuer, networkId),
    close: async () => {
      await server.close();
      await issuer.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A network with a super user (`admin`) and tokens for whoever else is wanted. */
async function newNetwork(
  call: (to: string, options?: Call) => Promise<Reply>,
  issuer: TestIssuer,
  networkId: number,
) {
  const done = async (to: string, options: Call): Promise<Reply> => {
    const reply = await call(to, options);
    if (reply.status >= 300) throw new Error(`${to}: ${String(reply.status)} ${reply.text}`);
    return reply;
  };
  const operator = await issuer.token({ subject: 'operator', operator: true });
  await done('/v1/networks', {
    token: operator,
    body: { networkId, name: 'Acme', region: 'us' },
  });
  const employee = async (
    employeeId: number,
    rights: {
      readonly superUser?: boolean;
      readonly permissions?: readonly string[];
      readonly scope?: string;
    },
    by: string,
  ): Promise<string> => {
    const subject = `employee-${String(employeeId)}`;
    const admitted = await done(`/v1/networks/${String(networkId)}/employees`, {
      token: by,
      body: {
        employeeId,
        issuer: issuer.issuer,
        subject,
        superUser: false,
        permissions: [],
        scope: 'global',
        ...rights,
      },
    });
    const token = await issuer.token({ subject, networkId });
    await readable(call, token, admitted);
    return token;
  };
  const admin = await employee(1, { superUser: true }, operator);

  return {
    networkId,
    admin,
    operator,
    employee: (employeeId: number, rights: Parameters<typeof employee>[1]) =>
      employee(employeeId, rights, admin),
    /** Eligible unless said otherwise, with one linked user, whose token it answers. */
    partner: async (
      partnerId: number,
      { managerId = null as number | null, eligible = true } = {},
    ): Promise<string> => {
      const at = `/v1/partners/${String(partnerId)}`;
      const post = (to: string, body: object) => done(to, { token: admin, body });
      await post('/v1/partners', {
        partnerId,
        name: `Partner ${String(partnerId)}`,
        status: 'active',
        managerId,
      });
      if (eligible) {
        await post(`${at}/technical-capacity/confirm`, { evidence: 'Has a developer' });
        await post(`${at}/traits`, {
          traits: {
            recurringReportRequests: true,
            ownTooling: true,
            steadyTraffic: true,
            goodStanding: true,
          },
        });
      }
      const subject = `user-${String(networkId)}-${String(partnerId)}`;
      const linked = await post(`${at}/users`, { issuer: issuer.issuer, subject });
      const token = await issuer.token({ subject, networkId });
      await readable(call, token, linked);
      return token;
    },
    issue: async (partnerId: number, label = 'Dashboard'): Promise<IssuedKey> => {
      const reply = await done('/v1/api-keys', {
        token: admin,
        body: { portal: 'affiliate', holder: { type: 'partner', id: partnerId }, label },
      });
      const { keyId, key } = reply.body as { keyId: string; key: string };
      return { keyId, key, reply };
    },
    share: async (keyId: string, bound: 'users' | 'passphrase'): Promise<SharedKey> => {
      const { body, headers } = await done(`/v1/api-keys/${keyId}/shares`, {
        token: admin,
        body: { recipient: { type: 'holderUsers' }, channel: 'email', reason: 'First', bound },
      });
      const position = headers.get('x-ledger-position') ?? '';
      return { ...(body as unknown as Omit<SharedKey, 'position'>), position };
    },
  };
}

export interface IssuedKey {
  readonly keyId: string;
  readonly key: string;
  readonly reply: Reply;
}

export interface SharedKey {
  readonly shareId: string;
  readonly link: string;
  readonly token: string;
  readonly passphrase: string | null;
  /** For `atLeast`. */
  readonly position: string;
}

const WAIT_MS_MAX = 60_000;

/** A new identity is known once the read models hold it. */
async function readable(
  call: (to: string, options?: Call) => Promise<Reply>,
  token: string,
  after: Reply,
): Promise<void> {
  const until = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const reply = await call('/v1/me', { token });
    if (reply.status === 200) return;
    if (Date.now() > until)
      throw new Error(
        `after ${after.text}: ${String(reply.status)} ${reply.text} for ${String(WAIT_MS_MAX)} ms`,
      );
  }
}
