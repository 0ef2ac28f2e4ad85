import type { EventCatalogueSection } from '#event-store';
import type { NetworkEvent } from './domain/network.events.js';

export const networksEvents: EventCatalogueSection<NetworkEvent> = {
  NetworkCreated: { version: 1, retention: 'governance' },
  NetworkKeyPolicySet: { version: 1, retention: 'governance' },
  NetworkApiProfileSet: { version: 1, retention: 'governance' },
  WebhookCredentialIssued: { version: 1, retention: 'governance' },
  WebhookCredentialRevoked: { version: 1, retention: 'governance' },
};
