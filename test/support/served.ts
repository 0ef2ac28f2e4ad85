import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BUILT_PRODUCT, BUILT_PRODUCT_ENVIRONMENT } from './built-product.js';
import { freePort } from './free-port.js';
import type { TestIssuer } from './issuer.js';
import { startTestIssuer, TEST_AUDIENCE } from './issuer.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sent {
  readonly as?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const RECOVERY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const STOP_TIMEOUT_MS = 20_000;
const OUTPUT_SHOWN = 2_000;

/** `keyledger serve`, or one of its parts, in a process of its own, at a port that is known before it is ready. */
export class Served {
  /** What it wrote. */
  output = '';
  private child: ChildProcess | undefined;
  private operatorToken: Promise<string> | undefined;

  private constructor(
    readonly url: string,
    readonly issuer: TestIssuer,
    private readonly folder: string,
  ) {}

  static async prepare(): Promise<Served> {
    const port = await freePort();
    const folder = await mkdtemp(path.join(tmpdir(), 'keyledger-served-'));
    return new Served(`http://127.0.0.1:${String(port)}`, await startTestIssuer(), folder);
  }

  /** Begins to start; `ready` waits for it. */
  start(environment: Readonly<Record<string, string>>, role = 'serve'): void {
    const child = spawn(process.execPath, [BUILT_PRODUCT, role], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...BUILT_PRODUCT_ENVIRONMENT,
        KEYLEDGER_DATA_DIR: path.join(this.folder, 'data'),
        KEYLEDGER_PORT: new URL(this.url).port,
        KEYLEDGER_LOG_LEVEL: 'warn',
        KEYLEDGER_ISSUERS: JSON.stringify([
          {
            issuer: this.issuer.issuer,
            audience: TEST_AUDIENCE,
            networkClaim: 'network_id',
            networks: 'any',
            operators: true,
          },
        ]),
        ...environment,
      },
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
  }

  get processId(): number | undefined {
    return this.child?.pid;
  }

  async call(to: string, { as, body, headers }: Sent = {}): Promise<Reply> {
    const response = await fetch(`${this.url}${to}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json') && text !== '';
    const parsed = (json ? JSON.parse(text) : {}) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + RECOVERY_TIMEOUT_MS;
    while (!(await holds().catch(() => false))) {
      const ended = typeof this.child?.exitCode === 'number';
      if (ended || Date.now() > deadline)
        throw new Error(`${what} did not come: ${this.output.slice(-OUTPUT_SHOWN)}`);
      await delay(POLL_MS);
    }
  }

  async ready(): Promise<void> {
    await this.until('readiness', async () => (await this.call('/health/ready')).status === 200);
  }

  /** The one token of its operator. */
  operator(): Promise<string> {
    this.operatorToken ??= this.issuer.token({ subject: 'operator', operator: true });
    return this.operatorToken;
  }

  /** The network 1 with its super user, whose token it gives. */
  async network(): Promise<string> {
    const operator = await this.operator();
    const admin = await this.issuer.token({ subject: 'admin', networkId: 1 });
    await this.must('/v1/networks', {
      as: operator,
      body: { networkId: 1, name: 'Example', region: 'us' },
    });
    await this.must('/v1/networks/1/employees', {
      as: operator,
      body: {
        employeeId: 1,
        issuer: this.issuer.issuer,
        subject: 'admin',
        superUser: true,
        permissions: [],
        scope: 'global',
      },
    });
    await this.until(
      'the admin',
      async () => (await this.call('/v1/me', { as: admin })).status === 200,
    );
    return admin;
  }

  async must(to: string, sent: Sent): Promise<Reply> {
    const reply = await this.call(to, sent);
    if (reply.status >= 300) throw new Error(`${to}: ${String(reply.status)} ${reply.text}`);
    return reply;
  }

  /** How it ended by itself. */
  async ended(): Promise<number | null> {
    const { child } = this;
    if (child && child.exitCode === null)
      await once(child, 'exit', { signal: AbortSignal.timeout(RECOVERY_TIMEOUT_MS) });
    return child?.exitCode ?? null;
  }

  /** Ends the server, and keeps its folder for another start. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const cut = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(cut);
  }

  async discard(): Promise<void> {
    await this.stop();
    await this.issuer.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
