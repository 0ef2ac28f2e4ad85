import type { Logger } from 'pino';
import type { LoggedPaths } from './logged-paths.js';

export interface EndedRequest {
  /** Of Node. */
  readonly raw: object;
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly statusCode: number;
  readonly milliseconds: number;
  /** The caller left before it had the answer. */
  readonly aborted: boolean;
}

export type LineLevel = 'error' | 'info' | 'warn';

export const levelOf = (statusCode: number): LineLevel =>
  statusCode >= 500 ? 'error' : statusCode >= 400 ? 'warn' : 'info';

/** Lines of requests that never come to pino-http, a middleware of the framework: pages, and paths that there are none for. */
export class RequestLines {
  constructor(
    private readonly logger: Logger,
    private readonly paths: LoggedPaths,
  ) {}

  write({ raw, id, method, url, statusCode, milliseconds, aborted }: EndedRequest): void {
    // pino-http leaves its loggers with the request, and writes the line itself.
    if ('allLogs' in raw || isProbe(url)) return;
    this.logger[levelOf(statusCode)](
      {
        req: { id, method, path: this.paths.of(url) },
        res: { statusCode },
        responseTime: Math.round(milliseconds),
      },
      aborted ? 'request aborted' : 'request completed',
    );
  }
}

/** Asked for every few seconds, by machines. */
export const isProbe = (url: string): boolean => url.startsWith('/health/');
