import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { accessProcesses, installAccess } from '#access';
import { DomainError } from '#kernel';
import { keysProcesses } from '#keys';
import { AnswerPositions, installPositions } from '#messaging';
import { installPartnerWebhooks } from '#partners';
import { HealthChecks } from '#platform/health';
import { Metrics } from '#platform/metrics';
import { createPool, RUNTIME_ROLE } from '#platform/postgres';
import { ProblemFilter } from '#problems';
import type { RequestErrorCode } from '#problems';
import { EventReaders, PostgresReadModels, ProjectionWatch } from '#projections';
import type { Process, ReadPatience } from '#projections';
import type { AccessOptions } from '#access';
import type { LogSink } from '#platform/logging';
import { eventCatalogue, problemCatalogue, projections } from '../composition/catalogue.js';
import type { Foundations } from '../composition/foundations.js';
import { LogWatch } from '../composition/log-watch.js';
import { findOtherLog } from '../composition/own-log.js';
import { ApiModule } from './api.module.js';
import { OPERATIONS_PATHS } from './front-door.js';
import type { FrontDoor } from './front-door.js';
import { equip, httpAdapter } from './http.js';
import { describeApi } from './openapi.js';

/** Of event store and database behind the readiness probe. */
export const PROBE_TIMEOUT_MS = 1_500;
const READ_CONNECTIONS_MAX = 16;

export interface ApiStart {
  readonly foundations: Foundations;
  readonly access: AccessOptions;
  readonly publicUrl: string;
  readonly recordedBy: string;
  /** Absent: the application is only built, for tests that inject requests and for describing it. */
  readonly door?: FrontDoor;
  readonly logSink?: LogSink;
  /** This process runs no projection itself: it is not ready when nobody does, or when one has stopped. */
  readonly watchesProjections?: boolean;
  readonly readPatience?: ReadPatience;
}

/** Builds the whole API on its foundations. Its `close()` finishes requests, flushes, and leaves the foundations open. */
export async function startApi(options: ApiStart): Promise<NestFastifyApplication> {
  const { foundations, access, publicUrl, recordedBy, door, logSink, readPatience } = options;
  const { eventStore, dataSource, databaseUrl, clock, ledger } = foundations;
  const pool = createPool({
    url: databaseUrl,
    role: RUNTIME_ROLE,
    applicationName: `${recordedBy} reads`,
    connectionsMax: READ_CONNECTIONS_MAX,
  });
  const problems = new ProblemFilter(problemCatalogue);
  const readers = new EventReaders(pool, eventCatalogue, `${recordedBy}:${String(process.pid)}`);
  const app = await NestFactory.create<NestFastifyApplication>(
    ApiModule.forRoot({
      foundations,
      access,
      publicUrl,
      recordedBy,
      readModels: new PostgresReadModels(pool, { store: eventStore, clock }, readPatience),
      upgradeGate: readers,
      ...(logSink ? { logSink } : {}),
    }),
    httpAdapter(problems, problemCatalogue, door?.serverFactory),
    { bufferLogs: true, abortOnError: false },
  );
  app.useLogger(new WithoutFramework(app.get(Logger)));
  app.setGlobalPrefix('v1', {
    exclude: [
      'health/live',
      'health/ready',
      'metrics',
      '.well-known/oauth-protected-resource',
      // No route of the framework's, but its requests are logged as the others are.
      'graphql',
    ],
  });
  await equip(app, app.get(Metrics), problems);
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  const logger = app.get(Logger);
  const logWatch = new LogWatch(
    () => findOtherLog(dataSource, eventStore),
    (otherLog) => {
      if (otherLog === undefined) logger.log('the log is the one of this database again');
      else logger.error(`nothing is served: ${otherLog}`);
    },
  );
  refuseOnAnotherLog(fastify, logWatch);
  installPositions(app);
  installAccess(app);
  installPartnerWebhooks(app);
  const checks = app.get(HealthChecks);
  checks.register('event-store', async () => {
    await eventStore.head({ timeoutMs: PROBE_TIMEOUT_MS });
    return { up: true };
  });
  checks.register('database', async () => {
    await dataSource.query('SELECT 1');
    return { up: true };
  });
  checks.register('log', () => {
    const detail = logWatch.otherLog ?? logWatch.doubt;
    return Promise.resolve(detail === undefined ? { up: true } : { up: false, detail });
  });
  if (options.watchesProjections) {
    const watch = new ProjectionWatch({
      pool,
      store: { head: () => eventStore.head({ timeoutMs: PROBE_TIMEOUT_MS }) },
      clock,
      projections,
      processes: [...accessProcesses, ...keysProcesses].map((each) =>
        app.get<Process>(each, { strict: false }),
      ),
    });
    checks.register('projections', async () => {
      const red = await watch.problems();
      return red.length === 0 ? { up: true } : { up: false, detail: red.join('; ') };
    });
  }
  describeApi(app);
  fastify.addHook('onClose', async () => {
    logWatch.stop();
    // A database that is away can't be told; the reader looks gone after its time.
    await readers.stop().catch(() => undefined);
    await pool.end();
  });
  await app.init();
  await fastify.ready();
  await readers.start();
  const head = await eventStore.head({ timeoutMs: PROBE_TIMEOUT_MS }).catch(() => undefined);
  app.get(AnswerPositions, { strict: false }).process.event(head ?? ledger.firstPosition);
  logWatch.start();
  return app;
}

/** What the read models say is, or may be, of another log, and what is written would be: only probes are answered. */
function refuseOnAnotherLog(fastify: FastifyInstance, logWatch: LogWatch): void {
  fastify.addHook(
    'onRequest',
    (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
      const code: RequestErrorCode | undefined =
        logWatch.otherLog !== undefined
          ? 'event-store/another-log'
          : logWatch.doubt !== undefined
            ? 'event-store/unavailable'
            : undefined;
      const refused =
        code !== undefined && !OPERATIONS_PATHS.has(request.url.split('?', 1)[0] ?? '');
      done(refused ? new DomainError(code) : undefined);
    },
  );
}

const FRAMEWORK: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'GraphQLModule',
]);

/** What the framework tells about its own start (a line a module, a line a route) is for its debugging. */
class WithoutFramework implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    if (FRAMEWORK.has(rest.at(-1))) this.logger.debug(message, ...rest);
    else this.logger.log(message, ...rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error(message, ...rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn(message, ...rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(message, ...rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.verbose(message, ...rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.fatal(message, ...rest);
  }
}
