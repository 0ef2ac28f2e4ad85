import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresEventStore } from '#event-store/postgres';
import { discardEmbeddedPostgres, startEmbeddedPostgres } from '#platform/embedded-postgres';
import { BUILT_PRODUCT, BUILT_PRODUCT_ENVIRONMENT } from '#test/built-product';
import { createRunnerPool, ProjectionBuilds, ProjectionRunner } from '#projections';
import { eventCatalogue, projections } from '../../../apps/composition/catalogue.js';
import { SystemClock } from '../../../apps/composition/system-clock.js';
import { readPasswords } from '../../../apps/identity-provider/index.js';
import {
  ApiClient,
  ApiError,
  issuerOf,
  loginWithPassword,
} from '../../../apps/keyledger/login/index.js';
import { IDENTITY_FOLDER } from '../../../apps/keyledger/serve/places.js';

const ROUNDS = 20;
const CLIENTS = 6;
/** How many acknowledgements of a round come before its kill: between 1 and this. */
const ACKNOWLEDGED_A_ROUND_MAX = 40;
const KILL_JITTER_MS_MAX = 25;
const ROUND_TIMEOUT_MS = 60_000;
const PARTNERS = 24;
const FIRST_PARTNER = 5_000;
const START_TIMEOUT_MS = 90_000;
const VERIFY_TIMEOUT_MS = 120_000;
const CALL_TIMEOUT_MS = 30_000;

interface Acknowledged {
  readonly keyId: string;
  status: 'active' | 'revoked';
  label: string;
}

/** The one that runs now, for a failed test to end. */
let running: ChildProcess | undefined;

/** The built product in a process of its own: `npm test` builds it first. */
class Server {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(folder: string): Promise<Server> {
    const child = spawn(process.execPath, [BUILT_PRODUCT, 'serve'], {
      env: {
        ...BUILT_PRODUCT_ENVIRONMENT,
        KEYLEDGER_DATA_DIR: folder,
        KEYLEDGER_PORT: '0',
        KEYLEDGER_LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running = child;
    let output = '';
    const url = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`not ready in time:\n${output}`));
      }, START_TIMEOUT_MS);
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          const ready = /API\s+(http:\/\/127\.0\.0\.1:\d+)\/v1/.exec(output)?.[1];
          if (ready === undefined) return;
          clearTimeout(late);
          resolve(ready);
        });
      child.once('exit', (code) => {
        clearTimeout(late);
        reject(new Error(`ended with ${String(code)} before it was ready:\n${output}`));
      });
    });
    return new Server(child, url);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

describe('a server that is killed with SIGKILL under load', () => {
  let folder: string;
  const acknowledged = new Map<string, Acknowledged>();
  let answers = 0;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keyledger-crash-'));
  });
  afterAll(async () => {
    running?.kill('SIGKILL');
    await discardEmbeddedPostgres(folder);
    await rm(folder, { recursive: true, force: true });
  });

  const clientOf = async (url: string): Promise<ApiClient> => {
    const issuer = await issuerOf(url);
    const password = readPasswords(path.join(folder, IDENTITY_FOLDER)).get('sam') ?? '';
    const { accessToken } = await loginWithPassword({ issuer, user: 'sam', password });
    return new ApiClient({
      baseUrl: url,
      token: () => Promise.resolve(accessToken),
      timeoutMs: CALL_TIMEOUT_MS,
    });
  };

  const prepare = async (client: ApiClient) => {
    for (let at = 0; at < PARTNERS; at += 1) {
      const partnerId = FIRST_PARTNER + at;
      const place = `/v1/partners/${String(partnerId)}`;
      await client.post('/v1/partners', {
        partnerId,
        name: `Partner ${String(at)}`,
        status: 'active',
      });
      await client.post(`${place}/technical-capacity/confirm`, { evidence: 'sandbox' });
      const traits = {
        recurringReportRequests: true,
        ownTooling: true,
        steadyTraffic: true,
        goodStanding: true,
      };
      await client.post(`${place}/traits`, { traits });
    }
  };

  /** Issues, relabels and revokes until the server is gone; whatever was answered is written down. */
  const load = async (client: ApiClient, mine: number, signal: AbortSignal) => {
    for (let turn = 0; !signal.aborted; turn += 1) {
      const partnerId = FIRST_PARTNER + ((mine + turn * CLIENTS) % PARTNERS);
      try {
        const { body } = await client.post<{ keyId: string }>(
          '/v1/api-keys',
          { portal: 'affiliate', holder: { type: 'partner', id: partnerId }, label: 'Load' },
          { signal },
        );
        const key: Acknowledged = { keyId: body.keyId, status: 'active', label: 'Load' };
        acknowledged.set(key.keyId, key);
        answers += 1;
        const label = `Load ${String(turn)}`;
        await client.post(`/v1/api-keys/${key.keyId}/relabel`, { label }, { signal });
        key.label = label;
        answers += 1;
        await client.post(`/v1/api-keys/${key.keyId}/revoke`, { reason: 'unused' }, { signal });
        key.status = 'revoked';
        answers += 1;
      } catch (error) {
        if (error instanceof ApiError && error.status !== 0 && error.status < 500) {
          // Two keys that an earlier round left active: make room.
          await client
            .get<{ items: { keyId: string }[] }>('/v1/api-keys', {
              query: { partnerId, status: 'active' },
              signal,
            })
            .then(async ({ body }) => {
              for (const { keyId } of body.items) {
                await client.post(`/v1/api-keys/${keyId}/revoke`, { reason: 'unused' }, { signal });
                const known = acknowledged.get(keyId);
                if (known) known.status = 'revoked';
              }
            })
            .catch(() => undefined);
        }
      }
    }
  };

  /** Every acknowledged fact is there; what was in flight may be there too. */
  const compare = async (client: ApiClient) => {
    const lost: unknown[] = [];
    const { position: atLeast } = await client.post('/v1/partners/5000/traits', {
      traits: { bulkPostbacks: true },
    });
    for (const { keyId, status, label } of acknowledged.values()) {
      const { body } = await client.get<{ status: string; label: string }>(
        `/v1/api-keys/${keyId}`,
        { query: { atLeast } },
      );
      const kept = status === 'revoked' ? body.status === 'revoked' : true;
      if (!kept || (label !== 'Load' && body.label !== label))
        lost.push({ keyId, acknowledged: { status, label }, found: body });
    }
    expect(lost).toEqual([]);
  };

  it(`loses nothing that it acknowledged, in ${String(ROUNDS)} rounds, and its read models equal a rebuild`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await Server.start(folder);
      const client = await clientOf(server.url);
      if (round === 0) await prepare(client);
      const enough = answers + 1 + Math.floor(Math.random() * ACKNOWLEDGED_A_ROUND_MAX);
      const deadline = Date.now() + ROUND_TIMEOUT_MS;
      const stop = new AbortController();
      const clients = Array.from({ length: CLIENTS }, (_, mine) => load(client, mine, stop.signal));
      while (answers < enough && Date.now() < deadline) await delay(1);
      await delay(Math.random() * KILL_JITTER_MS_MAX);
      await server.end('SIGKILL');
      stop.abort();
      await Promise.all(clients);
      expect(answers).toBeGreaterThanOrEqual(enough);
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS);

    const server = await Server.start(folder);
    try {
      await compare(await clientOf(server.url));
    } finally {
      await server.end('SIGTERM');
    }

    const database = await startEmbeddedPostgres({ folder });
    const store = new PostgresEventStore({ url: database.url });
    const pool = createRunnerPool({ connectionString: database.url });
    const options = { store, catalogue: eventCatalogue, clock: new SystemClock(), pool };
    const runner = new ProjectionRunner(options, projections);
    try {
      runner.start();
      const builds = new ProjectionBuilds(options);
      for (const projection of projections) {
        const { equal, tables } = await builds.verify(
          projection,
          AbortSignal.timeout(VERIFY_TIMEOUT_MS),
        );
        expect({ projection: projection.name, equal, tables }).toMatchObject({ equal: true });
      }
    } finally {
      await runner.stop();
      await pool.end();
      await store.close();
      await database.stop();
    }
  }, 600_000);
});
