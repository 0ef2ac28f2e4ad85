import type { DomainEvent } from '#kernel';
import type { Actor } from '#event-store';

/** Refusals of one caller, coalesced: the first at once (`windowSeconds` 0), then one with a count a window. */
export type AccessDenied = DomainEvent<
  'AccessDenied',
  {
    /** The problem's code. */
    readonly code: string;
    readonly count: number;
    readonly windowSeconds: number;
    readonly firstAt: string;
    readonly lastAt: string;
    /** `null` without a verified caller, and in the bucket that takes what is over the limits. */
    readonly actor: Actor | null;
    /** Counts of callers beyond the limits of one window, together. */
    readonly overflow: boolean;
  }
>;
