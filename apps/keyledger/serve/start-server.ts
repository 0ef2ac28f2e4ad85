import { hostname } from 'node:os';
import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessOptions } from '#access';
import type { IssuerOptions } from '#access';
import type { Config } from '#platform/config';
import { ConfigError } from '#platform/config';
import { startEmbeddedPostgres } from '#platform/embedded-postgres';
import { HealthChecks } from '#platform/health';
import { redactSecrets } from '#platform/logging';
import type { ReadPatience } from '#projections';
import { DOOR_CLOSE_TIMEOUT_MS, FrontDoor, OPERATIONS_PATHS } from '../../api/front-door.js';
import { startApi } from '../../api/start-api.js';
import { migrateDatabase, openFoundations } from '../../composition/foundations.js';
import { startProjector } from '../../projector/start-projector.js';
import { LOG_OUTPUT, terminalLogger } from '../terminal.js';
import { Closing } from './closing.js';
import { withDevelopmentLedger } from './development-ledger.js';
import { whenReachable } from './patience.js';
import { startDevelopmentIdentities } from './development-identities.js';

/** Longer than the door's own cut. */
export const DRAIN_TIMEOUT_MS = DOOR_CLOSE_TIMEOUT_MS + 5_000;
/** The embedded server is asked, then told, then killed: each with a bound of its own. */
export const EMBEDDED_STOP_TIMEOUT_MS = 30_000;

/** Which parts one process runs. */
export type Role = 'serve' | 'api' | 'projector';

export interface ServerStart {
  readonly role: Role;
  readonly config: Config;
  readonly signal: AbortSignal;
  /** Lines for the person who started it. */
  readonly tell: (line: string) => void;
  /** What the start waits for; default: `tell`. */
  readonly waiting?: (line: string) => void;
  /** Something without which this process is of no use is gone for good. */
  readonly failed?: (error: Error) => void;
  readonly readPatience?: ReadPatience;
}

export interface Server {
  readonly url: string;
  readonly app: NestFastifyApplication;
  /** Which event store holds the log; without credentials. */
  readonly log: string;
  /** Whether GraphiQL is asked for. */
  readonly graphiql: boolean;
  /** Where the passwords of the development users are; `undefined`: there are none. */
  readonly usersFile: string | undefined;
  /** Finishes requests, flushes, and stops all that was started. */
  close(): Promise<void>;
}

/** An issuer of one's own, or the development users: never both. A projector lets nobody in, so it needs neither. */
function assertBindable({ role, config }: ServerStart): void {
  if (config.issuers !== undefined || role === 'projector') return;
  if (role === 'api')
    throw new ConfigError([
      'KEYLEDGER_ISSUERS: is not set; the development identity provider is a part of `keyledger serve` only',
    ]);
  if (config.host !== '127.0.0.1')
    throw new ConfigError([
      'KEYLEDGER_HOST: only 127.0.0.1 while the development identity provider is in use; set KEYLEDGER_ISSUERS to serve others',
    ]);
}

function assertDatabaseNamed({ role, config }: ServerStart): void {
  if (role !== 'serve' && config.databaseUrl === undefined)
    throw new ConfigError([
      'DATABASE_URL: is not set; the embedded server is a part of `keyledger serve` only',
    ]);
}

/** Starts what the role says. The port answers at once: 503 until what stands behind it is ready. */
export async function startServer(start: ServerStart): Promise<Server> {
  assertBindable(start);
  assertDatabaseNamed(start);
  const log = terminalLogger(start.config.logLevel);
  const closing = new Closing((step, error) => {
    log.error({ err: error, step }, 'a part did not stop cleanly');
  });
  try {
    return await open(start, closing, log);
  } catch (error) {
    await closing.close();
    throw start.signal.aborted ? start.signal.reason : error;
  }
}

/** The last that is added here stops first: door, projector, application, database and log, identities, server. */
async function open(
  start: ServerStart,
  closing: Closing,
  log: ReturnType<typeof terminalLogger>,
): Promise<Server> {
  const { role, config, signal, tell } = start;
  const door = new FrontDoor();
  const port = await door.listen(config.host, config.port);
  closing.add('door', () => door.close(), DRAIN_TIMEOUT_MS);
  const shownHost = config.host.includes(':') ? `[${config.host}]` : config.host;
  const ownUrl = `http://${shownHost}:${String(port)}`;
  const url = config.publicUrl ?? ownUrl;

  const databaseUrl = config.databaseUrl ?? (await embeddedDatabase(start, closing));
  signal.throwIfAborted();
  const identities =
    role === 'serve' && config.issuers === undefined
      ? await startDevelopmentIdentities(config, tell)
      : undefined;
  if (identities) closing.add('identity provider', () => identities.close());
  const recordedBy = `${role}@${hostname()}`;
  let lastTold = '';
  const foundations = await whenReachable(
    async () => {
      if (role === 'serve') await migrateDatabase(config, databaseUrl);
      return openFoundations({
        config: identities ? await withDevelopmentLedger(config, databaseUrl, tell) : config,
        databaseUrl,
        processName: `keyledger ${role}`,
        warn: (error) => {
          if (!signal.aborted)
            log.warn({ error: error.message }, 'a connection broke and is replaced');
        },
        earlierEvents: () => {
          log.warn(
            'the event store holds events from before this ledger was opened: they are left out, and a store of its own would be better',
          );
        },
      });
    },
    signal,
    (error) => {
      if (error.message === lastTold) return;
      lastTold = error.message;
      (start.waiting ?? tell)(
        `waiting for the database and the event store: ${redactSecrets(error.message)}`,
      );
      log.warn({ error: error.message }, 'waiting for the database and the event store');
    },
  );
  closing.add('database and event store', () => foundations.close());

  const issuers: readonly IssuerOptions[] = config.issuers ?? identities?.issuers ?? [];
  const app = await startApi({
    foundations,
    access: new AccessOptions({ issuers, trustedProxies: config.trustedProxies, recordedBy }),
    publicUrl: url,
    recordedBy,
    door,
    logSink: LOG_OUTPUT,
    watchesProjections: role === 'api',
    ...(start.readPatience ? { readPatience: start.readPatience } : {}),
  });
  closing.add('application', () => app.close());
  if (role !== 'api') {
    const projector = startProjector({
      foundations,
      app,
      log,
      runnerId: `${recordedBy}:${String(process.pid)}`,
    });
    closing.add('projector', () => projector.stop());
  }
  // Requests end before what serves them does.
  closing.add(
    'requests',
    () => {
      app.get(HealthChecks).drain();
      return door.close();
    },
    DRAIN_TIMEOUT_MS,
  );
  signal.throwIfAborted();
  if (identities) await identities.assertOwnLedger(app, foundations, signal);
  door.open(role === 'projector' ? OPERATIONS_PATHS : undefined);
  // Not where people reach it: what stands there may be down yet, or somebody else's.
  if (identities) await identities.seed(ownUrl, signal);
  return {
    url,
    app,
    log: foundations.eventStore.description,
    graphiql: config.graphiql,
    usersFile: identities?.usersFile,
    close: () => closing.close(),
  };
}

async function embeddedDatabase(
  { config, tell, failed }: ServerStart,
  closing: Closing,
): Promise<string> {
  const server = await startEmbeddedPostgres({ folder: path.resolve(config.dataDir), say: tell });
  // It has a process group of its own: an end without goodbye must not leave it behind.
  const endAtOnce = () => {
    try {
      process.kill(server.serverProcessId, 'SIGQUIT');
    } catch {
      // Gone already.
    }
  };
  process.once('exit', endAtOnce);
  closing.add(
    'PostgreSQL',
    async () => {
      await server.stop();
      process.off('exit', endAtOnce);
    },
    EMBEDDED_STOP_TIMEOUT_MS,
  );
  if (failed) void server.failed.then(failed);
  return server.url;
}
