/** The only source of the time for handlers; deciders get times in their commands. */
export abstract class Clock {
  abstract now(): Date;
}

/** An ISO-8601 instant in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export type IsoTime = string;
