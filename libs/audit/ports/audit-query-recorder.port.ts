import type { Principal } from '#access';
import type { Position } from '#event-store';
import type { RequestContext } from '#messaging';
import type { AuditFilter } from '../domain/audit.events.js';

/** The event that says who asked for what: pages of one query are pages of what stood before it. */
export interface RecordedAuditQuery {
  readonly streamId: string;
  readonly revision: bigint;
  readonly eventId: string;
  readonly position: Position;
}

/** Puts each query of the trail into the log before anything of the trail is shown. */
export abstract class AuditQueryRecorder {
  /** Durable when it comes back. @throws {DomainError} 503 `audit/query-not-recorded`: show nothing. */
  abstract record(
    principal: Principal,
    context: RequestContext,
    filter: AuditFilter,
  ): Promise<RecordedAuditQuery>;

  /**
   * Reads a recorded query back from the log; `undefined` when there is no such event, or it is another caller's or for
   * something else: whoever made that cursor, the ledger did not.
   */
  abstract find(
    principal: Principal,
    reference: Pick<RecordedAuditQuery, 'streamId' | 'revision' | 'eventId'>,
    filter: AuditFilter,
    signal?: AbortSignal,
  ): Promise<RecordedAuditQuery | undefined>;
}
