import type { DynamicModule } from '@nestjs/common';
import { Module, RequestMethod } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { pino } from 'pino';
import type { LogLevel } from '../config/index.js';
import { LoggedPaths } from './logged-paths.js';
import { redactSecrets } from './redaction.js';
import { isProbe, levelOf, RequestLines } from './request-lines.js';

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
 * Structured logs: one line an answered request (method, what may be told of its path, status, duration, correlation id);
 * the server calls `RequestLines` for what the framework's middleware never sees.
 */
@Module({})
export class LoggingModule {
  static forRoot(level: LogLevel, sink: LogSink = STANDARD_OUTPUT): DynamicModule {
    const destination = redacting(sink);
    const paths = new LoggedPaths();
    const logger = createLogger(level, destination);
    return {
      module: LoggingModule,
      providers: [
        { provide: LoggedPaths, useValue: paths },
        { provide: RequestLines, useValue: new RequestLines(logger, paths) },
      ],
      exports: [LoggedPaths, RequestLines],
      imports: [
        LoggerModule.forRoot({
          // Once for every path: the default comes twice to those outside of the API's prefix.
          forRoutes: [{ path: '*splat', method: RequestMethod.ALL }],
          pinoHttp: {
            logger,
            // The same id as in the answer's problem, in events and in `X-Correlation-Id`.
            genReqId: (request) => (request as { id?: string }).id ?? '',
            customLogLevel: (_request, response, error) =>
              error ? 'error' : levelOf(response.statusCode),
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
                isProbe(
                  (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? '',
                ),
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
