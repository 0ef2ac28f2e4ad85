import type { RecordedEvent } from '#event-store';
import { maskedKey } from '#kernel';
import type { Projection, Row, RowChange } from '#projections';
import type { KeyRingEvent } from '../domain/key-ring.events.js';
import { PORTAL_RULES } from '../domain/portal.value.js';

/** For `ReadOptions.projections`. */
export const KEY_DIRECTORY = 'key_directory';

type Recorded<Type extends KeyRingEvent['type']> = RecordedEvent<
  Extract<KeyRingEvent, { type: Type }>
>;

/** Revocation, expiry and the end of a share are for good. */
const LAST = true;

/** Every event of a key ring has its changes here, or this does not compile. */
const CHANGES: {
  readonly [Type in KeyRingEvent['type']]: (event: Recorded<Type>) => readonly RowChange[];
} = {
  KeyIssued: (event) => [
    {
      table: 'api_keys',
      insert: { network_id: networkOf(event), key_id: event.data.keyId, ...issued(event) },
    },
    ...verdictOf(event),
  ],
  KeyRelabeled: (event) => [versioned(event, () => ({ label: event.data.to }))],
  KeySuspended: (event) => [
    versioned(event, () => ({
      status: 'suspended',
      suspension: { scope: event.data.scope, cause: event.data.cause },
      suspended_at: event.metadata.recordedAt,
      suspended_by: event.metadata.actor,
    })),
  ],
  KeyReinstated: (event) => [versioned(event, () => ({ status: 'active', ...NOT_SUSPENDED }))],
  /** Each key says it of itself. */
  HolderSuspended: () => [],
  HolderReinstated: () => [],
  KeyRevoked: (event) => [
    versioned(
      event,
      () => ({
        status: 'revoked',
        ...NOT_SUSPENDED,
        revoked_at: event.metadata.recordedAt,
        revoked_by: event.metadata.actor,
        revocation_reason: event.data.reason,
        revocation_note: event.data.note,
        replaced_by: event.data.replacedBy,
      }),
      LAST,
    ),
  ],
  KeyExpired: (event) => [versioned(event, () => ({ status: 'expired', ...NOT_SUSPENDED }), LAST)],
  KeyRevealed: (event) => [
    {
      table: 'key_reveals',
      insert: {
        network_id: networkOf(event),
        key_id: event.data.keyId,
        revealed_position: event.position,
        revealed_at: event.metadata.recordedAt,
      },
    },
  ],
  KeyShared: (event) => [
    {
      table: 'shares',
      insert: { network_id: networkOf(event), share_id: event.data.shareId, ...shared(event) },
    },
  ],
  ShareOpened: (event) => [
    known(
      'shares',
      event,
      { share_id: event.data.shareId },
      () => ({
        status: 'opened',
        opened_at: event.metadata.recordedAt,
        opened_by: event.data.openedBy,
      }),
      LAST,
    ),
  ],
  ShareEnded: (event) => [
    known(
      'shares',
      event,
      { share_id: event.data.shareId },
      () => ({
        status: 'ended',
        ended_at: event.metadata.recordedAt,
        end_reason: event.data.reason,
      }),
      LAST,
    ),
  ],
};

/**
 * The key directory: every key that was ever issued and every share, with all their versions. No row is ever deleted:
 * revoked keys stay listable. It holds no secret, no token and no hash of one.
 */
export const keyDirectoryProjection = {
  name: KEY_DIRECTORY,
  version: 4,
  tables: {
    api_keys: {
      columns: {
        network_id: 'bigint',
        key_id: 'uuid',
        portal: 'text',
        holder_type: 'text',
        holder_id: 'bigint',
        partner_id: 'bigint null',
        label: 'text',
        masked: 'text',
        storage: 'text',
        status: 'text',
        /** How many of `KEY_VERSION_EVENTS` the key has: its ETag. */
        version: 'integer',
        permissions: 'text[]',
        employee_id: 'bigint null',
        expires_at: 'timestamptz null',
        issued_position: 'bigint',
        issued_at: 'timestamptz',
        issued_by: 'json',
        suspension: 'json null',
        suspended_at: 'timestamptz null',
        suspended_by: 'json null',
        revoked_at: 'timestamptz null',
        revoked_by: 'json null',
        revocation_reason: 'text null',
        revocation_note: 'text null',
        replaces: 'uuid null',
        replaced_by: 'uuid null',
      },
      key: ['network_id', 'key_id'],
      indexes: [
        { columns: ['network_id', 'issued_position', 'key_id'] },
        { columns: ['network_id', 'partner_id', 'issued_position'] },
      ],
      history: true,
    },
    /** What partner keys were issued on: large, and the same in every version of the key. */
    key_verdicts: {
      columns: { network_id: 'bigint', key_id: 'uuid', verdict: 'json' },
      key: ['network_id', 'key_id'],
      grows: true,
    },
    /** Partners reveal their own keys as often as they like: a version of the key each would be most of its history. */
    key_reveals: {
      columns: {
        network_id: 'bigint',
        key_id: 'uuid',
        revealed_position: 'bigint',
        revealed_at: 'timestamptz',
      },
      key: ['network_id', 'key_id', 'revealed_position'],
      grows: true,
    },
    shares: {
      columns: {
        network_id: 'bigint',
        share_id: 'uuid',
        key_id: 'uuid',
        portal: 'text',
        holder_type: 'text',
        holder_id: 'bigint',
        partner_id: 'bigint null',
        recipient_type: 'text',
        recipient_reference: 'text',
        channel: 'text',
        reason: 'text',
        bound: 'text',
        status: 'text',
        expires_at: 'timestamptz',
        shared_position: 'bigint',
        shared_at: 'timestamptz',
        shared_by: 'json',
        opened_at: 'timestamptz null',
        opened_by: 'json null',
        ended_at: 'timestamptz null',
        end_reason: 'text null',
      },
      key: ['network_id', 'share_id'],
      indexes: [
        { columns: ['network_id', 'shared_position', 'share_id'] },
        { columns: ['network_id', 'key_id', 'shared_position'] },
      ],
      history: true,
    },
  },
  handles: Object.keys(CHANGES),
  apply(event) {
    if (!isKeyRingEvent(event)) return [];
    return (CHANGES[event.type] as (of: RecordedEvent) => readonly RowChange[])(event);
  },
} as const satisfies Projection;

const NOT_SUSPENDED: Row = { suspension: null, suspended_at: null, suspended_by: null };

function issued(event: Recorded<'KeyIssued'>): Row {
  const { data, metadata } = event;
  return {
    portal: data.portal,
    holder_type: data.holder.type,
    holder_id: BigInt(data.holder.id),
    partner_id: data.holder.type === 'partner' ? BigInt(data.holder.id) : null,
    label: data.label,
    masked: maskedKey(data.prefix, PORTAL_RULES[data.portal].code, data.hint),
    storage: data.secret.storage,
    status: 'active',
    version: 1,
    permissions: data.permissions,
    employee_id: data.employeeId === null ? null : BigInt(data.employeeId),
    expires_at: data.expiresAt,
    issued_position: event.position,
    issued_at: metadata.recordedAt,
    issued_by: metadata.actor,
    ...NOT_SUSPENDED,
    revoked_at: null,
    revoked_by: null,
    revocation_reason: null,
    revocation_note: null,
    replaces: data.replaces,
    replaced_by: null,
  };
}

function verdictOf({ data, streamId }: Recorded<'KeyIssued'>): RowChange[] {
  if (data.verdict === null) return [];
  const row = { network_id: networkOf({ streamId }), key_id: data.keyId, verdict: data.verdict };
  return [{ table: 'key_verdicts', insert: row }];
}

function shared(event: Recorded<'KeyShared'>): Row {
  const { data, metadata } = event;
  const ring = ringOf(event);
  return {
    key_id: data.keyId,
    portal: ring.portal,
    holder_type: ring.holderType,
    holder_id: ring.holderId,
    partner_id: ring.holderType === 'partner' ? ring.holderId : null,
    recipient_type: data.recipient.type,
    recipient_reference: data.recipient.reference,
    channel: data.channel,
    reason: data.reason,
    bound: data.bound,
    status: 'open',
    expires_at: data.expiresAt,
    shared_position: event.position,
    shared_at: metadata.recordedAt,
    shared_by: metadata.actor,
    opened_at: null,
    opened_by: null,
    ended_at: null,
    end_reason: null,
  };
}

/** A change of one of `KEY_VERSION_EVENTS`. */
function versioned(
  event: RecordedEvent & { readonly data: { readonly keyId: string } },
  fields: () => Row,
  last = false,
): RowChange {
  const next = (before: Row) => ({ ...fields(), version: Number(before['version']) + 1 });
  return known('api_keys', event, { key_id: event.data.keyId }, next, last);
}

/** A change of a row that an earlier event of the same stream made: without it the log is broken, and we stop. */
function known(
  table: string,
  event: RecordedEvent,
  id: Row,
  update: (before: Row) => Row,
  last = false,
): RowChange {
  return { table, key: { network_id: networkOf(event), ...id }, update, last };
}

/** `keyRing-<network>-<portal>-<holder type>-<holder id>`. */
function ringOf(event: Pick<RecordedEvent, 'streamId'>): {
  readonly network: bigint;
  readonly portal: string;
  readonly holderType: string;
  readonly holderId: bigint;
} {
  const [, network, portal, holderType, holderId] = event.streamId.split('-');
  if (network === undefined || !portal || !holderType || holderId === undefined)
    throw new TypeError(`${event.streamId} is no key ring`);
  return { network: BigInt(network), portal, holderType, holderId: BigInt(holderId) };
}

function networkOf({ streamId }: Pick<RecordedEvent, 'streamId'>): bigint {
  const from = streamId.indexOf('-') + 1;
  const to = streamId.indexOf('-', from);
  if (from === 0 || to === -1) throw new TypeError(`${streamId} is no key ring`);
  return BigInt(streamId.slice(from, to));
}

const isKeyRingEvent = (event: RecordedEvent): event is RecordedEvent<KeyRingEvent> =>
  event.type in CHANGES;
