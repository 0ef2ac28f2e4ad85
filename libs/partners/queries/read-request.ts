import type { Position } from '#event-store';
import type { AsOf, ReadOptions } from '#projections';

/** Which state of the data a caller asks for, and until when. */
export interface PartnerReadOptions {
  readonly atLeast?: Position;
  readonly asOf?: AsOf;
  readonly signal?: AbortSignal;
}

export function readOf(read: PartnerReadOptions, ...projections: readonly string[]): ReadOptions {
  return { projections, ...read };
}
