import type { ExpectedRevision } from './event-store.port.js';
import type { Position } from './position.js';

export abstract class EventStoreError extends Error {}

export class WrongExpectedRevisionError extends EventStoreError {
  override readonly name = 'WrongExpectedRevisionError';
  constructor(
    readonly streamId: string,
    readonly expected: ExpectedRevision,
    readonly actual: ExpectedRevision,
  ) {
    super(`stream ${streamId} is at ${String(actual)}, not at ${String(expected)}`);
  }
}

export class AppendTooLargeError extends EventStoreError {
  override readonly name = 'AppendTooLargeError';
  constructor(
    readonly bytes: number,
    readonly bytesMax: number,
  ) {
    super(`an append holds at most ${String(bytesMax)} bytes, this one ${String(bytes)}`);
  }
}

export class InvalidEventError extends EventStoreError {
  override readonly name = 'InvalidEventError';
}

/** The call was not carried out; the same call may work later. */
export class EventStoreUnavailableError extends EventStoreError {
  override readonly name = 'EventStoreUnavailableError';
}

/** The append may or may not be stored. */
export class AppendOutcomeUnknownError extends EventStoreError {
  override readonly name = 'AppendOutcomeUnknownError';
}

/** The store refused our credentials, or they are missing. Retrying does not help. */
export class EventStoreAccessDeniedError extends EventStoreError {
  override readonly name = 'EventStoreAccessDeniedError';
}

/** Another log, a log restored from an older backup, or a database of another environment. */
export class PositionNotInLogError extends EventStoreError {
  override readonly name = 'PositionNotInLogError';
  constructor(readonly position: Position) {
    super(`position ${String(position)} is not of this log`);
  }
}
