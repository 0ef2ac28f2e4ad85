import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { Actor, EventMetadata } from '#event-store';
import { Clock } from '#kernel';
import { PersonalData, WrappingKeyMissingError } from '#sealing';
import type { RequestContext } from './request-context.js';

export const SALT_BYTES = 16;
/** Requests whose sealed address is kept: an import makes hundreds of decisions in one. */
export const SEALED_REQUESTS_KEPT_MAX = 64;
/** How often the log says that addresses are left out for want of the wrapping key. */
export const UNSEALED_WARNING_INTERVAL_MS = 60_000;

/** Which process writes: `recordedBy` of its events. */
export class RecordedBy {
  constructor(readonly name: string) {}
}

/** Whose personal data it is: the subject that `PersonalData` seals an actor's address and user agent for. */
export function personalSubject({ issuer, subject }: Pick<Actor, 'issuer' | 'subject'>): string {
  return `${issuer}|${subject}`;
}

type Sealed = Pick<EventMetadata, 'ip' | 'userAgent'>;

/** What stands beside every event, all of it set here. */
@Injectable()
export class EventMetadataWriter {
  private readonly logger = new Logger(EventMetadataWriter.name);
  private warnedAtMs = -Infinity;
  /** By request and whose address it is, the oldest first. */
  private readonly sealedOfRequests = new Map<string, Promise<Sealed>>();

  constructor(
    private readonly clock: Clock,
    private readonly personalData: PersonalData,
    private readonly recordedBy: RecordedBy,
  ) {}

  /** One per event of an append: they differ in their salt. */
  async write(
    context: RequestContext,
    count: number,
  ): Promise<readonly Omit<EventMetadata, 'schemaVersion'>[]> {
    const sealed = await this.sealed(context);
    const { correlationId, causationId, commandId, requestHash, actor, networkId } = context;
    const recordedAt = this.clock.now().toISOString();
    return Array.from({ length: count }, () => ({
      $correlationId: correlationId,
      $causationId: causationId,
      commandId,
      requestHash,
      actor: {
        type: actor.type,
        issuer: actor.issuer,
        subject: actor.subject,
        ...(actor.onBehalfOf === undefined ? {} : { onBehalfOf: actor.onBehalfOf }),
      },
      networkId,
      ...sealed,
      recordedBy: this.recordedBy.name,
      recordedAt,
      salt: randomBytes(SALT_BYTES).toString('hex'),
      ...(context.traceparent === undefined ? {} : { traceparent: context.traceparent }),
      ...(context.clientRequestId === undefined
        ? {}
        : { clientRequestId: context.clientRequestId }),
    }));
  }

  /** Sealed once a request: the events of one request say by it only what their correlation id says. */
  private async sealed(context: RequestContext): Promise<Sealed> {
    const { correlationId, actor, ip, userAgent } = context;
    if (ip === undefined && userAgent === undefined) return {};
    const key = JSON.stringify([correlationId, personalSubject(actor), ip, userAgent]);
    const known = this.sealedOfRequests.get(key);
    if (known) return known;
    const sealing = this.seal(context);
    this.sealedOfRequests.set(key, sealing);
    const [oldest] = this.sealedOfRequests.keys();
    if (oldest !== undefined && this.sealedOfRequests.size > SEALED_REQUESTS_KEPT_MAX)
      this.sealedOfRequests.delete(oldest);
    try {
      const sealed = await sealing;
      // What was left out for want of the wrapping key is tried again.
      if (sealed.ip === undefined && sealed.userAgent === undefined)
        this.sealedOfRequests.delete(key);
      return sealed;
    } catch (error) {
      this.sealedOfRequests.delete(key);
      throw error;
    }
  }

  private async seal({ actor, ip, userAgent }: RequestContext): Promise<Sealed> {
    const subject = personalSubject(actor);
    try {
      return {
        ...(ip === undefined ? {} : { ip: await this.personalData.seal(subject, ip) }),
        ...(userAgent === undefined
          ? {}
          : { userAgent: await this.personalData.seal(subject, userAgent) }),
      };
    } catch (error) {
      // Without the wrapping key all that needs no secret still serves: a revocation must not wait for it.
      if (!(error instanceof WrappingKeyMissingError)) throw error;
      const nowMs = performance.now();
      if (nowMs - this.warnedAtMs >= UNSEALED_WARNING_INTERVAL_MS) {
        this.warnedAtMs = nowMs;
        this.logger.warn('events are stored without address and user agent: no wrapping key');
      }
      return {};
    }
  }
}
