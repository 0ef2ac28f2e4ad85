import { DomainError } from '#kernel';
import type { Position } from '#event-store';

export type ProjectionsErrorCode =
  | 'event-store/upgrade-pending'
  | 'projections/as-of-in-future'
  | 'projections/stale-read'
  | 'request/invalid-cursor';

/** The read models did not reach `atLeast` in time (`ReadPatience`), or serve nothing yet. */
export class StaleReadError extends DomainError {
  constructor(atLeast: Position | undefined, reached: Position | undefined) {
    super('projections/stale-read' satisfies ProjectionsErrorCode, {
      ...(atLeast === undefined ? {} : { atLeast: String(atLeast) }),
      reached: reached === undefined ? null : String(reached),
    });
  }
}

/** The position of `asOf` is past the end of the log, or its time is still to come. */
export class AsOfInFutureError extends DomainError {
  constructor() {
    super('projections/as-of-in-future' satisfies ProjectionsErrorCode);
  }
}

/** The text is no cursor, or one of another list or network. */
export class InvalidCursorError extends DomainError {
  constructor() {
    super('request/invalid-cursor' satisfies ProjectionsErrorCode);
  }
}

/** Somebody else runs this projection now: its checkpoint is not as this runner left it. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  constructor(consumer: string) {
    super(`${consumer} is run by somebody else now`);
  }
}

/** Its runner stopped meanwhile. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
  constructor(consumer: string) {
    super(`the runner of ${consumer} stopped before it was done`);
  }
}

/** What an operator asked of a build cannot be: the message says why, and what to do. */
export class SwitchRefusedError extends Error {
  override readonly name = 'SwitchRefusedError';
  constructor(
    message: string,
    /** Somebody works on it: it may be possible in a moment. */
    readonly mayPass = false,
  ) {
    super(message);
  }
}

/** A second set of tables could not be filled. */
export class RebuildFailedError extends Error {
  override readonly name = 'RebuildFailedError';
}

/** What the event at that position made was written, and can't stay: found when a fill was over. */
export class RowRefusedError extends Error {
  override readonly name = 'RowRefusedError';
  constructor(
    message: string,
    readonly position: Position,
    options: ErrorOptions = {},
  ) {
    super(message, options);
  }
}
