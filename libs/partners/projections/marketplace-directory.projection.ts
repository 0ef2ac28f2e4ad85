import type { RecordedEvent } from '#event-store';
import type { Projection, ProjectionTable, Row, RowChange } from '#projections';
import type { MarketplacePartnerEvent } from '../domain/marketplace-partner.events.js';
import type { PartnerUserIdentity } from '../domain/partner.value.js';

const marketplacePartners: ProjectionTable = {
  columns: {
    network_id: 'bigint',
    marketplace_partner_id: 'bigint',
    name: 'text',
    connections: 'jsonb',
    users: 'jsonb',
    registered_at: 'timestamptz',
    registered_position: 'bigint',
  },
  key: ['network_id', 'marketplace_partner_id'],
  history: true,
};
export const MARKETPLACE_PARTNERS_TABLE = {
  name: 'marketplace_partners',
  table: marketplacePartners,
};

/** Marketplace partners as they are, and as they were. */
export const marketplaceDirectory: Projection = {
  name: 'marketplace_directory',
  version: 1,
  tables: { marketplace_partners: marketplacePartners },
  handles: [
    'MarketplacePartnerRegistered',
    'MarketplaceConnectionAdded',
    'MarketplaceConnectionRemoved',
    'MarketplaceUserLinked',
    'MarketplaceUserUnlinked',
  ],
  apply(recorded) {
    const key = keyOf(recorded);
    const set = (to: (before: Row) => Row): readonly RowChange[] => [
      {
        table: 'marketplace_partners',
        key,
        change: (before) => before && { ...before, ...to(before) },
      },
    ];
    const event = recorded as RecordedEvent & MarketplacePartnerEvent;
    switch (event.type) {
      case 'MarketplacePartnerRegistered':
        return [
          {
            table: 'marketplace_partners',
            key,
            change: () => ({
              name: event.data.name,
              connections: [],
              users: [],
              registered_at: recorded.metadata.recordedAt,
              registered_position: recorded.position,
            }),
          },
        ];
      case 'MarketplaceConnectionAdded':
        return set((before) => ({
          connections: [...connectionsOf(before), event.data.partnerId].sort((a, b) => a - b),
        }));
      case 'MarketplaceConnectionRemoved':
        return set((before) => ({
          connections: connectionsOf(before).filter((id) => id !== event.data.partnerId),
        }));
      case 'MarketplaceUserLinked': {
        const { issuer, subject } = event.data;
        return set((before) => ({ users: [...usersOf(before), { issuer, subject }] }));
      }
      case 'MarketplaceUserUnlinked':
        return set((before) => ({
          users: usersOf(before).filter(
            ({ issuer, subject }) => issuer !== event.data.issuer || subject !== event.data.subject,
          ),
        }));
    }
  },
};

const connectionsOf = (row: Row) => row['connections'] as readonly number[];
const usersOf = (row: Row) => row['users'] as readonly PartnerUserIdentity[];

/** From the stream's name, `marketplacePartner-<network>-<marketplace partner>`. */
function keyOf(event: RecordedEvent): Row {
  const [, network, id] = event.streamId.split('-');
  return { network_id: BigInt(network ?? 0), marketplace_partner_id: BigInt(id ?? 0) };
}
