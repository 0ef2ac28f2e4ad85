import type { DynamicModule } from '@nestjs/common';
import { Module, RequestMethod } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { pino } from 'pino';
import type { LogLevel } from '../config/index.js';
import { LoggedPaths, pathOf } from './logged-paths.js';
import { redactSecrets } from './redaction.js';

/** Where lines go; a test gives its own. */
export interface LogSink {
  write(line: string): void;
}

const STANDARD_OUTPUT: LogSink = {
  write: (line) => {
    process.stdout.write(line);
  },
};

/** A line is one JSON object; longer ones are cut, so that nobody fills a disk with one request. */
export const LOG_LINE_CHARACTERS_MAX = 16_384;

/** Redaction is the last thing before the sink: there is no way round it. */
export function redacting(sink: LogSink): LogSink {
  return {
    write: (line) => {
      const redacted = redactSecrets(line);
      sink.write(
        redacted.length > LOG_LINE_CHARACTERS_MAX
          ? `${JSON.stringify({ level: 40, msg: 'a log line was too long', start: redacted.slice(0, 2_000) })}\n`
          : redacted,
      );
    },
  };
}

/**
 * Structured logs: one line an answered request of the API (method, what may be told of its path, status, duration,
 * correlation id). What is asked for beside it, such as the pages at `/docs`, has none.
 */
@Module({})
export class LoggingModule {
  static forRoot(level: LogLevel, sink: LogSink = STANDARD_OUTPUT): DynamicModule {
    const destination = redacting(sink);
    const paths = new LoggedPaths();
    return {
      module: LoggingModule,
      providers: [{ provide: LoggedPaths, useValue: paths }],
      exports: [LoggedPaths],
      imports: [
        LoggerModule.forRoot({
          // Once for every path: the default comes twice to those outside of the API's prefix.
          forRoutes: [{ path: '*splat', method: RequestMethod.ALL }],
          pinoHttp: {
            logger: createLogger(level, destination),
            // The same id as in the answer's problem, in events and in `X-Correlation-Id`.
            genReqId: (request) => (request as { id?: string }).id ?? '',
            customLogLevel: (_request, response, error) =>
              error || response.statusCode >= 500
                ? 'error'
                : response.statusCode >= 400
                  ? 'warn'
                  : 'info',
            serializers: {
              req: (request: { id?: unknown; method?: unknown; url?: unknown }) => ({
                id: request.id,
                method: request.method,
                path: paths.of(request.url),
              }),
              res: (response: { statusCode?: unknown }) => ({ statusCode: response.statusCode }),
            },
            // Why it failed stands in the line of who answered so; the error here is the logger's own, or a lost connection.
            customErrorObject: (_request, _response, error: Error, line: object) => ({
              ...line,
              err: undefined,
              error: error.message,
            }),
            autoLogging: {
              // The framework's middleware may have cut the part of the path that it is mounted at.
              ignore: (request) =>
                pathOf(
                  (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? '',
                ).startsWith('/health/'),
            },
          },
        }),
      ],
    };
  }
}

/** For what runs outside a Nest application. */
export function createLogger(level: LogLevel, sink: LogSink = redacting(STANDARD_OUTPUT)) {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
}
