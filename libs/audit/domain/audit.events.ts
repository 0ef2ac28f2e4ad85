import type { DomainEvent, IsoTime, KeyId, PartnerId } from '#kernel';

/** What somebody asked the trail for. Absent: everything that they may see. */
export interface AuditFilter {
  readonly keyId?: KeyId;
  readonly partnerId?: PartnerId;
  /** A subject, or `<issuer>#<subject>`. */
  readonly actor?: string;
  /** An event type. */
  readonly type?: string;
  /** Inclusive, by the time of recording. */
  readonly from?: IsoTime;
  /** Exclusive. */
  readonly to?: IsoTime;
  /** Words; all must be there, each at least as a beginning. */
  readonly text?: string;
  /** An ISO time or a position, as given. */
  readonly asOf?: string;
}

/** One query of the trail, stored before its first page was shown. Its later pages add none. */
export type AuditQueried = DomainEvent<'AuditQueried', { readonly filter: AuditFilter }>;
export type AuditEvent = AuditQueried;
