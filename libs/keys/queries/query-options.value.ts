import type { Position } from '#event-store';
import type { AsOf } from '#projections';

/** How fresh, or how old, an answer shall be. */
export interface QueryOptions {
  /** Wait, bounded, for a receipt's position. */
  readonly atLeast?: Position;
  /** The data of that moment, with the rights of now. */
  readonly asOf?: AsOf;
  readonly signal?: AbortSignal;
}
