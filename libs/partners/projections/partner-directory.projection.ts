import type { RecordedEvent } from '#event-store';
import type { Projection, ProjectionTable, Row, RowChange } from '#projections';
import type { PartnerEvent } from '../domain/partner.events.js';
import type { Flag, PartnerUserIdentity } from '../domain/partner.value.js';
import { NO_TRAITS } from '../domain/partner.value.js';

const partners: ProjectionTable = {
  columns: {
    network_id: 'bigint',
    partner_id: 'bigint',
    name: 'text',
    status: 'text',
    manager_id: 'bigint null',
    technical_capacity: 'text',
    technical_capacity_note: 'text null',
    open_flags: 'jsonb',
    open_flags_count: 'integer',
    traits: 'jsonb',
    users: 'jsonb',
    source: 'text',
    registered_at: 'timestamptz',
    registered_position: 'bigint',
  },
  key: ['network_id', 'partner_id'],
  indexes: [
    { columns: ['network_id', 'manager_id', 'partner_id'] },
    { columns: ['network_id', 'status', 'partner_id'] },
    { columns: ['network_id', 'partner_id'], where: 'open_flags_count > 0' },
  ],
  history: true,
};
export const PARTNERS_TABLE = { name: 'partners', table: partners };

/** Partners as they are, and as they were. */
export const partnerDirectory: Projection = {
  name: 'partner_directory',
  version: 1,
  tables: { partners },
  handles: [
    'PartnerRegistered',
    'PartnerRenamed',
    'PartnerStatusChanged',
    'PartnerManagerAssigned',
    'TechnicalCapacityConfirmed',
    'TechnicalCapacityWithdrawn',
    'FlagOpened',
    'FlagClosed',
    'PartnerTraitsAssessed',
    'PartnerUserLinked',
    'PartnerUserUnlinked',
  ],
  apply(recorded) {
    const key = keyOf(recorded);
    const set = (to: (before: Row) => Row): readonly RowChange[] => [
      { table: 'partners', key, change: (before) => before && { ...before, ...to(before) } },
    ];
    const setFlags = (to: (flags: readonly Flag[]) => readonly Flag[]) =>
      set((before) => {
        const flags = to(before['open_flags'] as readonly Flag[]);
        return { open_flags: flags, open_flags_count: flags.length };
      });
    const setUsers = (
      to: (users: readonly PartnerUserIdentity[]) => readonly PartnerUserIdentity[],
    ) => set((before) => ({ users: to(before['users'] as readonly PartnerUserIdentity[]) }));
    const event = recorded as RecordedEvent & PartnerEvent;
    switch (event.type) {
      case 'PartnerRegistered':
        return [
          {
            table: 'partners',
            key,
            change: () => ({
              name: event.data.name,
              status: event.data.status,
              manager_id: bigintOrNull(event.data.managerId),
              technical_capacity: 'unknown',
              technical_capacity_note: null,
              open_flags: [],
              open_flags_count: 0,
              traits: NO_TRAITS,
              users: [],
              source: event.data.source,
              registered_at: recorded.metadata.recordedAt,
              registered_position: recorded.position,
            }),
          },
        ];
      case 'PartnerRecordObserved':
        return [];
      case 'PartnerRenamed':
        return set(() => ({ name: event.data.to }));
      case 'PartnerStatusChanged':
        return set(() => ({ status: event.data.to }));
      case 'PartnerManagerAssigned':
        return set(() => ({ manager_id: bigintOrNull(event.data.to) }));
      case 'TechnicalCapacityConfirmed':
        return set(() => ({
          technical_capacity: 'confirmed',
          technical_capacity_note: event.data.evidence,
        }));
      case 'TechnicalCapacityWithdrawn':
        return set(() => ({
          technical_capacity: 'withdrawn',
          technical_capacity_note: event.data.reason,
        }));
      case 'FlagOpened':
        return setFlags((flags) => [...flags, event.data]);
      case 'FlagClosed':
        return setFlags((flags) => flags.filter(({ flagId }) => flagId !== event.data.flagId));
      case 'PartnerTraitsAssessed':
        return set(() => ({ traits: event.data.traits }));
      case 'PartnerUserLinked':
        return setUsers((users) => [...users, event.data]);
      case 'PartnerUserUnlinked':
        return setUsers((users) =>
          users.filter(
            ({ issuer, subject }) => issuer !== event.data.issuer || subject !== event.data.subject,
          ),
        );
    }
  },
};

const bigintOrNull = (id: number | null) => (id === null ? null : BigInt(id));

/** From the stream's name, `partner-<network>-<partner>`. */
function keyOf(event: RecordedEvent): Row {
  const [, network, partner] = event.streamId.split('-');
  return { network_id: BigInt(network ?? 0), partner_id: BigInt(partner ?? 0) };
}
