import type { AuditOutcome } from '../../domain/audit-description.value.js';

/** One event of the log, told to people. */
export interface AuditEntry {
  readonly position: string;
  readonly eventId: string;
  readonly stream: { readonly id: string; readonly revision: string };
  readonly time: string;
  readonly action: string;
  readonly networkId: number | null;
  readonly actor: {
    readonly type: string;
    readonly issuer: string;
    readonly subject: string;
    readonly onBehalfOf: string | null;
  };
  readonly target: { readonly kind: string; readonly id: string };
  readonly keyId: string | null;
  readonly partnerId: number | null;
  readonly reason: string | null;
  readonly outcome: AuditOutcome;
  readonly correlationId: string;
  /** `null` when there was none, or its key was erased or is not at hand. */
  readonly address: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

export interface AuditRow {
  readonly position: bigint;
  readonly event_id: string;
  readonly stream_id: string;
  readonly revision: bigint;
  readonly recorded_at: string;
  readonly type: string;
  readonly network_id: bigint | null;
  readonly actor_type: string;
  readonly actor_issuer: string;
  readonly actor_subject: string;
  readonly on_behalf_of: string | null;
  readonly target_kind: string;
  readonly target_id: string;
  readonly key_id: string | null;
  readonly partner_id: bigint | null;
  readonly reason: string | null;
  readonly outcome: AuditOutcome;
  readonly correlation_id: string;
  readonly sealed_address: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

export function auditEntryOf(row: AuditRow, address: string | null): AuditEntry {
  return {
    position: String(row.position),
    eventId: row.event_id,
    stream: { id: row.stream_id, revision: String(row.revision) },
    time: row.recorded_at,
    action: row.type,
    networkId: row.network_id === null ? null : Number(row.network_id),
    actor: {
      type: row.actor_type,
      issuer: row.actor_issuer,
      subject: row.actor_subject,
      onBehalfOf: row.on_behalf_of,
    },
    target: { kind: row.target_kind, id: row.target_id },
    keyId: row.key_id,
    partnerId: row.partner_id === null ? null : Number(row.partner_id),
    reason: row.reason,
    outcome: row.outcome,
    correlationId: row.correlation_id,
    address,
    before: row.before,
    after: row.after,
  };
}
