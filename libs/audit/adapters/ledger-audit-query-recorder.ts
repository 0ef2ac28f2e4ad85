import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Principal } from '#access';
import { EventCatalogue, EventStore } from '#event-store';
import { DomainError, streamId } from '#kernel';
import type { RequestContext } from '#messaging';
import { DecideService } from '#messaging';
import { auditQueryDecider } from '../domain/audit-query.decider.js';
import type { AuditErrorCode } from '../domain/audit.errors.js';
import type { AuditFilter, AuditQueried } from '../domain/audit.events.js';
import type { RecordedAuditQuery } from '../ports/audit-query-recorder.port.js';
import { AuditQueryRecorder } from '../ports/audit-query-recorder.port.js';

const CATEGORY = 'auditQuery';
/** The client's own fault: said as it is. */
const PASSED_ON: ReadonlySet<string> = new Set([
  'request/idempotency-key-reused',
  'event-store/upgrade-pending',
]);

@Injectable()
export class LedgerAuditQueryRecorder extends AuditQueryRecorder {
  constructor(
    private readonly decisions: DecideService,
    private readonly store: EventStore,
    private readonly catalogue: EventCatalogue,
  ) {
    super();
  }

  override async record(
    principal: Principal,
    context: RequestContext,
    filter: AuditFilter,
  ): Promise<RecordedAuditQuery> {
    try {
      const receipt = await this.decisions.execute({
        streamId: streamOf(principal, context),
        decider: auditQueryDecider,
        command: filter,
        context,
        retryUntilDeadline: true,
      });
      const [event] = receipt.events;
      if (event) {
        const { streamId: stream, revision, id: eventId, position } = event;
        return { streamId: stream, revision, eventId, position };
      }
    } catch (error) {
      if (error instanceof DomainError && PASSED_ON.has(error.code)) throw error;
      throw notRecorded(error);
    }
    throw notRecorded(new TypeError('a decision without an event'));
  }

  override async find(
    principal: Principal,
    reference: Pick<RecordedAuditQuery, 'streamId' | 'revision' | 'eventId'>,
    filter: AuditFilter,
    signal?: AbortSignal,
  ): Promise<RecordedAuditQuery | undefined> {
    if (!reference.streamId.startsWith(`${streamId(CATEGORY, principal.networkId ?? 0)}-`))
      return undefined;
    const read = this.store.readStream(reference.streamId, {
      from: reference.revision,
      maxCount: 1,
      ...(signal ? { signal } : {}),
    });
    for await (const stored of read) {
      if (stored.type !== 'AuditQueried' || stored.id !== reference.eventId) return undefined;
      const { data, metadata } = this.catalogue.decode<AuditQueried>(stored);
      const { issuer, subject } = principal.actor;
      const same =
        metadata.actor.issuer === issuer &&
        metadata.actor.subject === subject &&
        isDeepStrictEqual(data.filter, { ...filter });
      return same ? { ...reference, position: stored.position } : undefined;
    }
    return undefined;
  }
}

const notRecorded = (cause: unknown): DomainError =>
  new DomainError('audit/query-not-recorded' satisfies AuditErrorCode, {}, { cause });

/** 256 streams a day: a decision reads its stream, and auditors who ask at once do not wait for each other. */
function streamOf(principal: Principal, { now, commandId }: RequestContext): string {
  const day = now.toISOString().slice(0, 10).replaceAll('-', '');
  return streamId(CATEGORY, principal.networkId ?? 0, day, commandId.slice(0, 2));
}
