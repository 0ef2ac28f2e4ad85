import { hostname } from 'node:os';
import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessOptions } from '#access';
import type { IssuerOptions } from '#access';
import type { Config } from '#platform/config';
import { ConfigError } from '#platform/config';
import { startEmbeddedPostgres } from '#platform/embedded-postgres';
import { HealthChecks } from '#platform/health';
import { createLogger } from '#platform/logging';
import { FrontDoor } from '../../api/front-door.js';
import { startApi } from '../../api/start-api.js';
import type { Foundations } from '../../composition/foundations.js';
import { migrateDatabase, openFoundations } from '../../composition/foundations.js';
import { startProjector } from '../../projector/start-projector.js';
import { Closing } from './closing.js';
import { whenReachable } from './patience.js';
import { startDevelopmentIdentities } from './development-identities.js';

/** Which parts one process runs. */
export type Role = 'serve' | 'api' | 'projector';

export interface ServerStart {
  readonly role: Role;
  readonly config: Config;
  readonly signal: AbortSignal;
  /** Lines for the person who started it. */
  readonly tell: (line: string) => void;
  /** Something without which this process is of no use is gone for good. */
  readonly failed?: (error: Error) => void;
}

export interface Server {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly foundations: Foundations;
  /** Finishes requests, flushes, and stops all that was started. */
  close(): Promise<void>;
}

/** An issuer of one's own, or the development users: never both. */
function assertBindable({ role, config }: ServerStart): void {
  if (config.issuers !== undefined) return;
  if (role !== 'serve')
    throw new ConfigError([
      'KEYLEDGER_ISSUERS: is not set; the development identity provider is a part of `keyledger serve` only',
    ]);
  if (config.host !== '127.0.0.1')
    throw new ConfigError([
      'KEYLEDGER_HOST: only 127.0.0.1 while the development identity provider is in use; set KEYLEDGER_ISSUERS to serve others',
    ]);
}

/** Starts what the role says. The port answers at once: 503 until what stands behind it is ready. */
export async function startServer(start: ServerStart): Promise<Server> {
  assertBindable(start);
  const { role, config, signal, tell } = start;
  const log = createLogger(config.logLevel);
  const closing = new Closing((error) => {
    log.error({ err: error }, 'a part did not stop cleanly');
  });
  try {
    return await open(start, closing, log);
  } catch (error) {
    await closing.close();
    if (signal.aborted) tell('stopped before it was ready');
    throw error;
  }

  async function open(
    _: ServerStart,
    stack: Closing,
    logger: ReturnType<typeof createLogger>,
  ): Promise<Server> {
    const door = new FrontDoor();
    const port = await door.listen(config.host, config.port);
    stack.add(() => door.close());
    const shownHost = config.host.includes(':') ? `[${config.host}]` : config.host;
    const url = config.publicUrl ?? `http://${shownHost}:${String(port)}`;

    const databaseUrl = config.databaseUrl ?? (await embeddedDatabase(start, stack));
    const processName = `keyledger ${role}`;
    const recordedBy = `${role}@${hostname()}`;
    const foundations = await whenReachable(
      async () => {
        if (role === 'serve') await migrateDatabase(config, databaseUrl);
        return openFoundations({
          config,
          databaseUrl,
          processName,
          warn: (error) => {
            logger.warn({ error: error.message }, 'a connection broke and is replaced');
          },
        });
      },
      signal,
      (error) => {
        logger.warn({ error: error.message }, 'waiting for the database and the event store');
      },
    );
    stack.add(() => foundations.close());

    const identities =
      config.issuers === undefined ? await startDevelopmentIdentities(config, tell) : undefined;
    if (identities) stack.add(() => identities.close());
    const issuers: readonly IssuerOptions[] = config.issuers ?? identities?.issuers ?? [];
    const app = await startApi({
      foundations,
      access: new AccessOptions({ issuers, trustedProxies: config.trustedProxies, recordedBy }),
      publicUrl: url,
      recordedBy,
      door,
    });
    stack.add(() => app.close());
    if (role !== 'api') {
      const projector = await startProjector({
        foundations,
        app,
        log: logger,
        runnerId: `${recordedBy}:${String(process.pid)}`,
      });
      stack.add(() => projector.stop());
    }
    // Requests end before what serves them does.
    stack.add(async () => {
      app.get(HealthChecks).drain();
      await door.close();
    });
    if (identities) await identities.assertOwnLedger(app, foundations, signal);
    door.open();
    if (identities) await identities.seed(url, signal);
    return { url, app, foundations, close: () => stack.close() };
  }
}

async function embeddedDatabase(
  { config, tell, failed }: ServerStart,
  closing: Closing,
): Promise<string> {
  const server = await startEmbeddedPostgres({ folder: path.resolve(config.dataDir), say: tell });
  closing.add(() => server.stop());
  if (failed) void server.failed.then(failed);
  return server.url;
}
