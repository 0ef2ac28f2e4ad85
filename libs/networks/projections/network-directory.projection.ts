import type { RecordedEvent } from '#event-store';
import type { Projection, ProjectionTable, Row, RowChange } from '#projections';
import { defaultApiProfile } from '../domain/api-profile.value.js';
import { DEFAULT_KEY_POLICY } from '../domain/key-policy.value.js';
import type { NetworkEvent } from '../domain/network.events.js';

export interface ListedWebhookCredential {
  readonly credentialId: string;
  readonly label: string;
  readonly active: boolean;
  readonly issuedAt: string;
}

const networks: ProjectionTable = {
  columns: {
    network_id: 'bigint',
    name: 'text',
    region: 'text',
    key_policy: 'jsonb',
    api_profile: 'jsonb',
    webhook_credentials: 'jsonb',
    created_at: 'timestamptz',
    registered_position: 'bigint',
  },
  key: ['network_id'],
  history: true,
};
export const NETWORKS_TABLE = { name: 'networks', table: networks };

/** Networks with their settings as they are, and as they were. */
export const networkDirectory = {
  name: 'network_directory',
  version: 1,
  tables: { networks },
  handles: [
    'NetworkCreated',
    'NetworkKeyPolicySet',
    'NetworkApiProfileSet',
    'WebhookCredentialIssued',
    'WebhookCredentialRevoked',
  ],
  apply(event: RecordedEvent): readonly RowChange[] {
    const key = { network_id: networkOf(event) };
    const change = (to: (before: Row) => Row): readonly RowChange[] => [
      { table: 'networks', key, change: (before) => before && { ...before, ...to(before) } },
    ];
    const { type, data } = event as RecordedEvent<NetworkEvent> & NetworkEvent;
    switch (type) {
      case 'NetworkCreated':
        return [
          {
            table: 'networks',
            key,
            change: () => ({
              name: data.name,
              region: data.region,
              key_policy: DEFAULT_KEY_POLICY,
              api_profile: defaultApiProfile(data.region),
              webhook_credentials: [],
              created_at: event.metadata.recordedAt,
              registered_position: event.position,
            }),
          },
        ];
      case 'NetworkKeyPolicySet':
        return change(() => ({ key_policy: data.policy }));
      case 'NetworkApiProfileSet':
        return change(() => ({ api_profile: data }));
      case 'WebhookCredentialIssued': {
        const issued: ListedWebhookCredential = {
          credentialId: data.credentialId,
          label: data.label,
          active: true,
          issuedAt: event.metadata.recordedAt,
        };
        return change((before) => ({ webhook_credentials: [...credentialsOf(before), issued] }));
      }
      case 'WebhookCredentialRevoked':
        return change((before) => ({
          webhook_credentials: credentialsOf(before).map((credential) =>
            credential.credentialId === data.credentialId
              ? { ...credential, active: false }
              : credential,
          ),
        }));
    }
  },
} as const satisfies Projection;

const credentialsOf = (row: Row) =>
  row['webhook_credentials'] as readonly ListedWebhookCredential[];

/** From the stream's name, as every network's settings are one stream. */
function networkOf(event: RecordedEvent): bigint {
  const [, network] = event.streamId.split('-');
  return BigInt(network ?? 0);
}
