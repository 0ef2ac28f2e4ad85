import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { installAccess } from '#access';
import { installPartnerWebhooks } from '#partners';
import { HealthChecks } from '#platform/health';
import { Metrics } from '#platform/metrics';
import { createPool, RUNTIME_ROLE } from '#platform/postgres';
import { ProblemFilter } from '#problems';
import { EventReaders, PostgresReadModels } from '#projections';
import type { AccessOptions } from '#access';
import type { LogSink } from '#platform/logging';
import { eventCatalogue, problemCatalogue } from '../composition/catalogue.js';
import type { Foundations } from '../composition/foundations.js';
import { ApiModule } from './api.module.js';
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
}

/** Builds the whole API on its foundations. Its `close()` finishes requests, flushes, and leaves the foundations open. */
export async function startApi(options: ApiStart): Promise<NestFastifyApplication> {
  const { foundations, access, publicUrl, recordedBy, door, logSink } = options;
  const { eventStore, dataSource, databaseUrl } = foundations;
  const pool = createPool({
    url: databaseUrl,
    role: RUNTIME_ROLE,
    applicationName: `${recordedBy} reads`,
    connectionsMax: READ_CONNECTIONS_MAX,
  });
  const problems = new ProblemFilter(problemCatalogue);
  const app = await NestFactory.create<NestFastifyApplication>(
    ApiModule.forRoot({
      foundations,
      access,
      publicUrl,
      recordedBy,
      readModels: new PostgresReadModels(pool),
      upgradeGate: new EventReaders(pool, eventCatalogue, recordedBy),
      ...(logSink ? { logSink } : {}),
    }),
    httpAdapter(problems, door?.serverFactory),
    { bufferLogs: true, abortOnError: false },
  );
  app.useLogger(new WithoutFramework(app.get(Logger)));
  app.setGlobalPrefix('v1', {
    exclude: ['health/live', 'health/ready', 'metrics', '.well-known/oauth-protected-resource'],
  });
  await equip(app, app.get(Metrics), problems);
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
  describeApi(app);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onClose', () => pool.end());
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
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
