import type { RecordedEvent } from '#event-store';
import type { Projection, Row } from '#projections';
import { sameText } from '#projections';
import type { AuditDescriber } from '../domain/audit-description.value.js';
import { describeByConvention, streamParts } from '../domain/audit-description.value.js';
import { addTexts, auditWords, wordOfType } from '../domain/audit-words.value.js';

/** The name for `ReadOptions.projections`. */
export const AUDIT_TRAIL = 'audit_trail';
export const AUDIT_TRAIL_TABLE = 'audit_trail';

/** The log's own heartbeat: nobody's act. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['LedgerBeacon']);

const SHARE = 'share';
export const OF_SHARES = `target_kind = '${SHARE}'`;

/**
 * Rows about that key or share. Among the words, their ids would be most of the index: entries that a few rows have each.
 *
 * @param id a UUID: an SQL expression.
 */
export const aboutId = (id: string): string =>
  `key_id = ${id} OR (${OF_SHARES} AND ${sameText('target_id', `${id}::text`)})`;

/** What operators may see: acts of operators, and those above all networks. */
export const OPERATORS_VIEW = "network_id IS NULL OR actor_type = 'operator'";

/**
 * One row an event: the log, told to people. A row never changes, so the trail as of a position is its rows up to there.
 *
 * @param describers of event types that the convention does not describe well enough.
 */
export function auditTrailProjection(
  describers: Readonly<Record<string, AuditDescriber>> = {},
): Projection {
  return {
    name: AUDIT_TRAIL,
    version: 5,
    handles: '*',
    tables: {
      [AUDIT_TRAIL_TABLE]: {
        columns: {
          position: 'bigint',
          event_id: 'uuid',
          stream_id: 'text',
          revision: 'bigint',
          recorded_at: 'timestamptz',
          type: 'text',
          network_id: 'bigint null',
          actor_type: 'text',
          actor_issuer: 'text',
          actor_subject: 'text',
          on_behalf_of: 'text null',
          target_kind: 'text',
          target_id: 'text',
          key_id: 'uuid null',
          partner_id: 'bigint null',
          reason: 'text null',
          outcome: 'text',
          correlation_id: 'text',
          sealed_address: 'text null',
          before: 'json null',
          after: 'json null',
          words: 'tsvector',
        },
        key: ['position'],
        keyInOrder: true,
        grows: true,
        indexes: [
          { columns: ['network_id', 'position'], inOrder: true },
          { columns: ['key_id', 'position'], where: 'key_id IS NOT NULL' },
          // What differs most comes first: networks are few, and sorting by them first compares everything twice.
          { columns: ['partner_id', 'network_id', 'position'], where: 'partner_id IS NOT NULL' },
          { columns: ['actor_subject', 'network_id', 'position'], hashed: true },
          { columns: ['position'], where: OPERATORS_VIEW, inOrder: true },
          { columns: ['target_id'], where: OF_SHARES, hashed: true },
          { columns: ['words'], method: 'gin' },
        ],
      },
    },
    apply: (event) =>
      NOT_SHOWN.has(event.type)
        ? []
        : [
            {
              table: AUDIT_TRAIL_TABLE,
              insert: rowOf(event, describers[event.type] ?? describeByConvention),
            },
          ],
  };
}

function rowOf(event: RecordedEvent, describe: AuditDescriber): Row {
  const { metadata } = event;
  const { actor } = metadata;
  const { target, keyId, partnerId, reason, outcome, before, after } = describe(event);
  const hasIndex = target.id === keyId || target.kind === SHARE;
  const networkId = streamParts(event.streamId).networkId ?? metadata.networkId;
  return {
    position: event.position,
    event_id: event.id,
    stream_id: event.streamId,
    revision: event.revision,
    recorded_at: metadata.recordedAt,
    type: event.type,
    network_id: networkId === null ? null : BigInt(networkId),
    actor_type: actor.type,
    actor_issuer: actor.issuer,
    actor_subject: actor.subject,
    on_behalf_of: actor.onBehalfOf ?? null,
    target_kind: target.kind,
    target_id: target.id,
    key_id: keyId ?? null,
    partner_id: partnerId === undefined ? null : BigInt(partnerId),
    reason: reason ?? null,
    outcome,
    correlation_id: metadata.$correlationId,
    sealed_address: metadata.ip ?? null,
    before: jsonOf(before),
    after: jsonOf(after),
    words: lexemesOf(
      event,
      [actor.subject, hasIndex ? '' : target.id, reason ?? ''],
      [before, after],
      hasIndex ? target.id : undefined,
    ),
  };
}

const jsonOf = (value: unknown): object | string | number | boolean | null =>
  value === undefined ? null : value;

/** A recorded query is not found by the words that it asked for: each later one would find it again. */
function lexemesOf(
  event: RecordedEvent,
  texts: string[],
  values: readonly unknown[],
  except: string | undefined,
): string[] {
  if (event.type !== 'AuditQueried') for (const value of values) addTexts(value, texts, except);
  return auditWords(texts, wordOfType(event.type));
}
