import type { Principal } from '#access';
import type { Position } from '#event-store';
import type { AsOf } from '#projections';

export class ListNetworks {
  constructor(
    readonly principal: Principal,
    readonly input: { readonly first: number; readonly after?: string },
    readonly options: {
      readonly atLeast?: Position;
      readonly asOf?: AsOf;
      readonly signal?: AbortSignal;
    } = {},
  ) {}
}
