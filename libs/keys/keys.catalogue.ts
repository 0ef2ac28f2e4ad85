import type { EventCatalogueSection } from '#event-store';
import type { KeyRingEvent } from './domain/key-ring.events.js';

export const keysEvents: EventCatalogueSection<KeyRingEvent> = {
  KeyIssued: { version: 1, retention: 'governance' },
  KeyShared: { version: 1, retention: 'governance' },
  ShareOpened: { version: 1, retention: 'governance' },
  ShareEnded: { version: 1, retention: 'governance' },
  KeyRevealed: { version: 1, retention: 'governance' },
  KeyRelabeled: { version: 1, retention: 'governance' },
  KeySuspended: { version: 1, retention: 'governance' },
  KeyReinstated: { version: 1, retention: 'governance' },
  KeyRevoked: { version: 1, retention: 'governance' },
  KeyExpired: { version: 1, retention: 'governance' },
};
