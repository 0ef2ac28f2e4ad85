import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { DomainError } from '#kernel';
import { problemOf } from '#problems';
import type { ProblemCatalogue, RequestErrorCode } from '#problems';

/** So long the client may take to read why its connection ends; what it still sends is thrown away. */
export const LAST_ANSWER_TIMEOUT_MS = 1_000;

const REFUSALS: Readonly<Record<string, RequestErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'request/headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request/timed-out',
};

/**
 * Answers what Node's HTTP parser refuses. There is no request then, and nothing after it on the connection can be
 * trusted to begin where a request does: the answer is written to the socket, and is its last.
 */
export function refuseUnreadable(
  catalogue: ProblemCatalogue,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  const logger = new Logger('Http');
  return (error, socket) => {
    // The parser complains of each piece that comes after the first one it refused.
    if (socket.destroyed || socket.writableEnded) return;
    // In the midst of an answer another one would be read as a part of it; before, as the answer to a whole request.
    const { _httpMessage: begun } = socket as { _httpMessage?: ServerResponse | null };
    const owed = begun?.headersSent === true || begun?.req.complete === true;
    if (error.code === 'ECONNRESET' || !socket.writable || owed) {
      socket.destroy();
      return;
    }
    const code = REFUSALS[error.code ?? ''] ?? 'request/malformed';
    const correlationId = randomUUID();
    const problem = problemOf(catalogue, new DomainError(code), correlationId);
    const { status } = problem;
    logger.log({ code, status, correlationId, reason: error.code }, 'request not readable');
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
      'content-type: application/problem+json',
      `content-length: ${String(Buffer.byteLength(body))}`,
      `x-correlation-id: ${correlationId}`,
      'cache-control: no-store',
      'connection: close',
    ];
    // Destroyed at once, a socket with unread bytes is reset, and the answer may be lost with it.
    const cut = setTimeout(() => socket.destroy(), LAST_ANSWER_TIMEOUT_MS);
    socket.once('close', () => {
      clearTimeout(cut);
    });
    socket.once('end', () => socket.destroy());
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
}
