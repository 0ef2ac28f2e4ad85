import type { EventCatalogueSection } from '#event-store';
import type { MarketplacePartnerEvent } from './domain/marketplace-partner.events.js';
import type { PartnerEvent } from './domain/partner.events.js';

export const partnersEvents: EventCatalogueSection<PartnerEvent | MarketplacePartnerEvent> = {
  PartnerRegistered: { version: 1, retention: 'governance' },
  PartnerRecordObserved: { version: 1, retention: 'governance' },
  PartnerRenamed: { version: 1, retention: 'governance' },
  PartnerStatusChanged: { version: 1, retention: 'governance' },
  PartnerManagerAssigned: { version: 1, retention: 'governance' },
  TechnicalCapacityConfirmed: { version: 1, retention: 'governance' },
  TechnicalCapacityWithdrawn: { version: 1, retention: 'governance' },
  FlagOpened: { version: 1, retention: 'governance' },
  FlagClosed: { version: 1, retention: 'governance' },
  PartnerTraitsAssessed: { version: 1, retention: 'governance' },
  PartnerUserLinked: { version: 1, retention: 'governance' },
  PartnerUserUnlinked: { version: 1, retention: 'governance' },
  MarketplacePartnerRegistered: { version: 1, retention: 'governance' },
  MarketplaceConnectionAdded: { version: 1, retention: 'governance' },
  MarketplaceConnectionRemoved: { version: 1, retention: 'governance' },
  MarketplaceUserLinked: { version: 1, retention: 'governance' },
  MarketplaceUserUnlinked: { version: 1, retention: 'governance' },
};
