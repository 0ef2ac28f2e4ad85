import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyServerFactory } from 'fastify';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export const START_RETRY_AFTER_SECONDS = 2;
/** What is still open after this is cut off. */
export const DOOR_CLOSE_TIMEOUT_MS = 10_000;

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
  private readonly server: Server = createServer((request, response) => {
    this.handler(request, response);
  });

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

  open(): void {
    if (!this.application) throw new TypeError('no application stands behind the door');
    this.handler = this.application;
  }

  /** Takes no new connections, lets requests in flight finish, bounded. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        this.server.closeAllConnections();
      }, DOOR_CLOSE_TIMEOUT_MS);
      this.server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      this.server.closeIdleConnections();
    });
  }
}

function starting(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (request.url === '/health/live') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"status":"ok"}');
    return;
  }
  response.writeHead(503, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'retry-after': String(START_RETRY_AFTER_SECONDS),
  });
  response.end(
    JSON.stringify({
      type: 'https://keyledger.dev/errors/request-starting',
      title: 'Starting',
      status: 503,
      detail:
        'The server is starting, or waits for its database or event store. Try again shortly.',
      code: 'request/starting',
    }),
  );
}
