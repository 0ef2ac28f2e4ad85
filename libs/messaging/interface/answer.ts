import type { Position } from '#event-store';

export interface AnswerOptions {
  /** Without quotes; sent as a strong entity tag. */
  readonly etag?: string;
  readonly status?: number;
  /** The path of what was created. */
  readonly location?: string;
}

/** What a controller or resolver returns: the body, and the position that it is true at (`X-Ledger-Position`). */
export class Answer<T> {
  constructor(
    readonly value: T,
    readonly position: Position,
    readonly options: AnswerOptions = {},
  ) {}
}

export function answer<T>(value: T, position: Position, options: AnswerOptions = {}): Answer<T> {
  return new Answer(value, position, options);
}
