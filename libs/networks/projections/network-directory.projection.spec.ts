import { describe, it } from '@jest/globals';
import { projectionSpec } from '#projections/testing';
import { DEFAULT_KEY_POLICY } from '../domain/key-policy.value.js';
import { networkEventExamples } from '../testing/index.js';
import { networkDirectory } from './network-directory.projection.js';

const directory = projectionSpec(networkDirectory);
const given = (events: Parameters<typeof directory.given>[0]) => directory.given(events);
const of = (network: number) => (type: keyof typeof networkEventExamples) => ({
  type,
  data: networkEventExamples[type],
  streamId: `network-${String(network)}-settings`,
});

describe('the network directory', () => {
  it('shows each network with the defaults that it starts with', () => {
    given([of(101)('NetworkCreated'), of(102)('NetworkCreated')]).thenRows('networks', [
      {
        network_id: 101n,
        name: 'Northwind Media',
        region: 'eu',
        key_policy: DEFAULT_KEY_POLICY,
        registered_position: 1n,
      },
      { network_id: 102n, registered_position: 2n },
    ]);
  });

  it('shows settings and webhook credentials as they are, and as they were', () => {
    const event = of(101);
    const events = [
      event('NetworkCreated'),
      event('NetworkKeyPolicySet'),
      event('WebhookCredentialIssued'),
      event('WebhookCredentialRevoked'),
    ];
    const credential = {
      credentialId: networkEventExamples.WebhookCredentialIssued.credentialId,
      label: 'Partner Created',
    };
    given(events).thenRows('networks', [
      {
        key_policy: { ...DEFAULT_KEY_POLICY, activeKeysMax: 3 },
        webhook_credentials: [
          { ...credential, active: false, issuedAt: '2026-01-01T00:00:03.000Z' },
        ],
      },
    ]);
    given(events).thenHistory('networks', [
      { key_policy: DEFAULT_KEY_POLICY, webhook_credentials: [], from_position: 1n },
      { from_position: 2n },
      {
        webhook_credentials: [
          { ...credential, active: true, issuedAt: '2026-01-01T00:00:03.000Z' },
        ],
        from_position: 3n,
      },
      { from_position: 4n },
    ]);
  });
});
