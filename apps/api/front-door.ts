import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyServerFactory } from 'fastify';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** From a request's first byte to its last. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** How much later than that a request may be found to be late. */
export const LATE_REQUESTS_SWEEP_INTERVAL_MS = 1_000;
/** Longer than what proxies keep their connections for: the side that sends requests has to end them. */
export const KEEP_ALIVE_TIMEOUT_MS = 72_000;
export const START_RETRY_AFTER_SECONDS = 2;
/** What is still open after this is cut off. */
export const DOOR_CLOSE_TIMEOUT_MS = 10_000;
/** A connection that was busy when the door began to close ends with its answer, or at most this much later. */
export const IDLE_SWEEP_INTERVAL_MS = 50;
/** All that a process without an API answers. */
export const OPERATIONS_PATHS: ReadonlySet<string> = new Set([
  '/health/live',
  '/health/ready',
  '/metrics',
]);

/** The port is taken, or not ours to take: one line for the person who started us. */
export class PortUnavailableError extends Error {
  override readonly name = 'PortUnavailableError';
}

/**
 * The listening socket, there before what stands behind it: until the application is ready, and while what it needs is
 * away at start, callers get a 503 that says when to come again, and probes see a live process that is not ready.
 */
export class FrontDoor {
  private handler: Handler = starting;
  private closing: Promise<void> | undefined;
  // A framework sets them on servers that it makes itself only.
  private readonly server: Server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: LATE_REQUESTS_SWEEP_INTERVAL_MS,
    },
    (request, response) => {
      if (this.closing) response.setHeader('connection', 'close');
      this.handler(request, response);
    },
  );

  /** For Fastify: its requests come through this door once it is opened. */
  readonly serverFactory: FastifyServerFactory = (handler) => {
    this.application = handler;
    return this.server;
  };
  private application: Handler | undefined;

  /** @throws {PortUnavailableError} */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        reject(
          new PortUnavailableError(
            error.code === 'EADDRINUSE'
              ? `port ${String(port)} on ${host} is taken; stop what uses it or set KEYLEDGER_PORT to another one`
              : `can't listen on ${host}:${String(port)} (${error.code ?? error.message})`,
          ),
        );
      });
      this.server.listen(port, host, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  /** @param only the paths that are answered; absent: all. */
  open(only?: ReadonlySet<string>): void {
    const { application } = this;
    if (!application) throw new TypeError('no application stands behind the door');
    this.handler = only
      ? (request, response) => {
          if (only.has(request.url?.split('?', 1)[0] ?? '')) application(request, response);
          else refuse(request, response, NOT_HERE);
        }
      : application;
  }

  /** Takes no new connections, lets requests in flight finish, bounded. */
  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        this.server.closeAllConnections();
      }, DOOR_CLOSE_TIMEOUT_MS);
      const sweep = setInterval(() => {
        this.server.closeIdleConnections();
      }, IDLE_SWEEP_INTERVAL_MS);
      this.server.close(() => {
        clearTimeout(cut);
        clearInterval(sweep);
        resolve();
      });
    });
  }
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

const STARTING: Refusal = {
  status: 503,
  code: 'request/starting',
  title: 'Starting',
  detail: 'The server is starting, or waits for its database or event store. Try again shortly.',
  retryAfterSeconds: START_RETRY_AFTER_SECONDS,
};
const NOT_HERE: Refusal = {
  status: 404,
  code: 'request/not-found',
  title: 'Not found',
  detail: 'This process answers health checks and metrics only; the API is another one.',
};

function starting(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (request.url === '/health/live') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"status":"ok"}');
    return;
  }
  refuse(request, response, STARTING);
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, title, detail, retryAfterSeconds }: Refusal,
): void {
  request.resume();
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(
    JSON.stringify({
      type: `https://keyledger.dev/errors/${code.replace('/', '-')}`,
      title,
      status,
      detail,
      code,
    }),
  );
}
