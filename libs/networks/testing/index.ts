import type { NetworkEvent } from '../index.js';
import { DEFAULT_KEY_POLICY, defaultApiProfile } from '../index.js';

/** One event of each type as it is written now, for golden files. */
export const networkEventExamples: {
  readonly [Type in NetworkEvent['type']]: Extract<NetworkEvent, { type: Type }>['data'];
} = {
  NetworkCreated: { name: 'Northwind Media', region: 'eu' },
  NetworkKeyPolicySet: { policy: { ...DEFAULT_KEY_POLICY, activeKeysMax: 3 } },
  NetworkApiProfileSet: defaultApiProfile('eu'),
  WebhookCredentialIssued: {
    credentialId: '6f1c1b4e-3f0a-5b83-9f6a-0b7a5f4f2d11',
    pepperId: 'pepper-1',
    hash: 'a3f1c2d4e5b60718293a4b5c6d7e8f90a3f1c2d4e5b60718293a4b5c6d7e8f90',
    label: 'Partner Created',
  },
  WebhookCredentialRevoked: { credentialId: '6f1c1b4e-3f0a-5b83-9f6a-0b7a5f4f2d11' },
};
