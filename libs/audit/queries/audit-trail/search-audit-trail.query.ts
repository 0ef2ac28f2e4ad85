import type { Principal } from '#access';
import type { Position } from '#event-store';
import type { RequestContext } from '#messaging';
import type { AuditFilter } from '../../domain/audit.events.js';

export class SearchAuditTrail {
  constructor(
    readonly principal: Principal,
    /** Of the request: what is recorded of this query. */
    readonly context: RequestContext,
    readonly input: {
      readonly filter: AuditFilter;
      readonly first: number;
      readonly after?: string;
    },
    readonly options: { readonly atLeast?: Position } = {},
  ) {}
}
