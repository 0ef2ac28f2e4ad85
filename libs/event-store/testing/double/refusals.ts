import grpc from '@grpc/grpc-js';
import { APPEND_BYTES_MAX_OF_SERVER } from './double-log.js';
import type { Expectation } from './double-log.js';
import type { Endpoint } from './faults.js';

/** A refusal as the server sends it: a status, with the typed part of it in the trailers. */
export class Refusal extends Error {
  constructor(
    readonly code: grpc.status,
    readonly details: string,
    readonly trailers: Readonly<Record<string, string>> = {},
  ) {
    super(details);
  }

  status(): { code: grpc.status; details: string; metadata: grpc.Metadata } {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(this.trailers)) metadata.set(name, value);
    return { code: this.code, details: this.details, metadata };
  }
}

export const refusals = {
  accessDenied: () =>
    new Refusal(grpc.status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }),
  unauthenticated: () => new Refusal(grpc.status.UNAUTHENTICATED, 'Bad credentials'),
  notLeader: ({ host, port }: Endpoint) =>
    new Refusal(grpc.status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': String(port),
    }),
  streamDeleted: (streamId: string) =>
    new Refusal(grpc.status.FAILED_PRECONDITION, `Event stream '${streamId}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': streamId,
    }),
  wrongRevision: (streamId: string, expected: Expectation, actual: bigint) =>
    new Refusal(grpc.status.FAILED_PRECONDITION, 'WrongExpectedVersion', {
      exception: 'wrong-expected-version',
      'stream-name': streamId,
      'expected-version': EXPECTATION_NUMBERS.get(expected) ?? String(expected),
      'actual-version': String(actual),
    }),
  tooLarge: () =>
    new Refusal(grpc.status.INVALID_ARGUMENT, 'Maximum Append Size Exceeded.', {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(APPEND_BYTES_MAX_OF_SERVER),
    }),
  unavailable: () => new Refusal(grpc.status.UNAVAILABLE, 'Connection dropped'),
  notReady: () => new Refusal(grpc.status.UNAVAILABLE, 'Server Is Not Ready'),
  timeout: () => new Refusal(grpc.status.ABORTED, 'Operation timed out: Prepare phase timeout.'),
  unknown: () => new Refusal(grpc.status.UNKNOWN, 'Exception was thrown by handler.'),
  internal: () => new Refusal(grpc.status.INTERNAL, 'Received RST_STREAM with code 2'),
};

const EXPECTATION_NUMBERS = new Map<Expectation, string>([
  ['any', '-2'],
  ['noStream', '-1'],
  ['streamExists', '-4'],
]);

/** What a call is answered that failed. */
export function asStatus(error: unknown): ReturnType<Refusal['status']> {
  return (error instanceof Refusal ? error : refusals.unknown()).status();
}
