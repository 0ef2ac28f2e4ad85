import type { ExpectedRevision, EventStoreError as Base, Position } from '../index.js';
import {
  AppendOutcomeUnknownError,
  AppendTooLargeError,
  APPEND_BYTES_MAX,
  EventStoreAccessDeniedError,
  EventStoreError,
  EventStoreUnavailableError,
  InvalidEventError,
  WrongExpectedRevisionError,
} from '../index.js';

/** Somebody tombstoned a stream of the ledger: nothing can be written there again. */
export class StreamTombstonedError extends EventStoreError {
  override readonly name = 'StreamTombstonedError';
  constructor(readonly streamId: string) {
    super(`stream ${streamId} was deleted for good`);
  }
}

export type FailureKind =
  | 'wrongRevision'
  | 'streamNotFound'
  | 'streamDeleted'
  | 'tooLarge'
  | 'denied'
  | 'invalid'
  /** Refused by a node that is not the leader; the client connects to the leader next. */
  | 'notLeader'
  /** No connection was there to send it on. */
  | 'notSent'
  /** It may have been carried out. */
  | 'unclear';

const KINDS_BY_TYPE: Readonly<Record<string, FailureKind | undefined>> = {
  'wrong-expected-version': 'wrongRevision',
  'stream-not-found': 'streamNotFound',
  'stream-deleted': 'streamDeleted',
  'maximum-append-size-exceeded': 'tooLarge',
  'access-denied': 'denied',
  'not-leader': 'notLeader',
  'missing-required-metadata-property': 'invalid',
};

const UNAUTHENTICATED = 16;

/** gRPC status codes, for errors that carry no type (an outage's second error is a plain `Error`, trap 6). */
const KINDS_BY_CODE: Readonly<Record<number, FailureKind | undefined>> = {
  3: 'invalid',
  7: 'denied',
  [UNAUTHENTICATED]: 'denied',
};

/** What the client says when it had no connection to send a call on; never after it was sent. */
const NOT_SENT =
  /No connection established|Name resolution failed|Failed to discover|failed to connect to all addresses|Channel closed before call started/i;

/** What Node and gRPC say, and what of the connection string is then likely to be wrong. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /certificate|altnames/i,
    "The server's certificate is not trusted for this address: name the PEM file of the authority that signed it as " +
      'tlsCAFile in the connection string (esdb://…?tlsCAFile=…), and the host as the certificate does',
  ],
  [/wrong version number/i, 'The server takes no TLS: tls=false says so in the connection string'],
  [
    /Failed to connect\.?$/,
    'Somebody takes the connection and does not speak gRPC on it: a server with TLS (then leave out tls=false), or no EventStoreDB',
  ],
  [
    /Failed to discover/,
    'No node said who leads: are hosts and ports, tls and tlsCAFile of the connection string as the nodes have them, and is there a quorum?',
  ],
];
/** In gRPC's words: a time, which makes the same trouble look new at each attempt, and notes of which it has none. */
const NOISE = /\s*(?:\(\d{4}-\d\d-\d\dT[\d:.]+Z\)|Resolution note:\s*$)/g;

/** By type first, then by gRPC code: what is left may have been carried out. */
export function kindOf(error: unknown): FailureKind {
  if (typeof error !== 'object' || error === null) return 'unclear';
  const { type, code, message } = error as { type?: unknown; code?: unknown; message?: unknown };
  const byType = typeof type === 'string' ? KINDS_BY_TYPE[type] : undefined;
  if (byType) return byType;
  const byCode = typeof code === 'number' ? KINDS_BY_CODE[code] : undefined;
  if (byCode) return byCode;
  return typeof message === 'string' && NOT_SENT.test(message) ? 'notSent' : 'unclear';
}

/** What the caller of `append` gets. */
export function appendFailure(error: unknown, streamId: string, expected: ExpectedRevision): Base {
  if (error instanceof EventStoreError) return error;
  const options = { cause: error };
  switch (kindOf(error)) {
    case 'wrongRevision':
      return new WrongExpectedRevisionError(streamId, expected, actualOf(error));
    case 'streamDeleted':
      return new StreamTombstonedError(streamId);
    case 'tooLarge':
      return new AppendTooLargeError(sizeBeyond(error), APPEND_BYTES_MAX);
    case 'denied':
      return accessDenied('an append', error);
    case 'invalid':
      return new InvalidEventError(
        `the event store refused the request: ${textOf(error)}`,
        options,
      );
    case 'notLeader':
    case 'notSent':
      return new EventStoreUnavailableError(`not appended: ${withAdvice(error)}`, options);
    case 'streamNotFound':
    case 'unclear':
      return new AppendOutcomeUnknownError(`it may be appended: ${withAdvice(error)}`, options);
  }
}

/** What the reader gets; reading changes nothing, so what is not a clear refusal is a matter of time. */
export function readFailure(error: unknown, streamId: string | undefined): Base {
  if (error instanceof EventStoreError) return error;
  const options = { cause: error };
  const kind = kindOf(error);
  if (kind === 'denied') return accessDenied('a read', error);
  if (kind === 'streamDeleted' && streamId !== undefined)
    return new StreamTombstonedError(streamId);
  return new EventStoreUnavailableError(`not read: ${withAdvice(error)}`, options);
}

function accessDenied(what: string, cause: unknown): EventStoreAccessDeniedError {
  const why =
    (cause as { code?: unknown }).code === UNAUTHENTICATED
      ? 'it does not know the user or password of the connection string'
      : 'the user of the connection string (esdb://user:password@…) needs the right to read and write all streams, as $admins have';
  return new EventStoreAccessDeniedError(`the event store refused ${what}: ${why}`, { cause });
}

/** Whether asking again may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof EventStoreError) return error instanceof EventStoreUnavailableError;
  const kind = kindOf(error);
  return kind === 'notLeader' || kind === 'notSent' || kind === 'unclear';
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function withAdvice(error: unknown): string {
  const text = textOf(error).replace(NOISE, '').replace(/\s+/g, ' ').trim();
  const advice = ADVICE.find(([words]) => words.test(text))?.[1];
  return advice === undefined ? text : `${text.replace(/\.$/, '')}. ${advice}`;
}

/** A subscription or read stood still for longer than its deadline. */
export function tooLate(what: string, timeoutMs: number): EventStoreUnavailableError {
  return new EventStoreUnavailableError(
    `${what}: no answer from the event store within ${String(timeoutMs)} ms`,
  );
}

export type Place = { readonly commit: bigint; readonly prepare: bigint };

export const placeOf = (position: Position): Place => ({ commit: position, prepare: position });

function actualOf(error: unknown): ExpectedRevision {
  const { actualVersion } = error as { actualVersion?: unknown };
  return typeof actualVersion === 'bigint' && actualVersion >= 0n ? actualVersion : 'noStream';
}

/** The server does not say how large it was. */
function sizeBeyond(error: unknown): number {
  const { maxAppendSize } = error as { maxAppendSize?: unknown };
  return (typeof maxAppendSize === 'number' ? maxAppendSize : APPEND_BYTES_MAX) + 1;
}
