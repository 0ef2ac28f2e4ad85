import { IDENTITY_TEXT_BYTES_MAX } from '#access';
import type { EventCatalogueSection } from '#event-store';
import type { EmployeeId, MarketplacePartnerId } from '#kernel';
import { schema } from '#kernel';
import { PARTNER_TRAITS } from '#networks';
import type { AssessedTrait, Blocker, Verdict } from './domain/eligibility.policy.js';
import type {
  MarketplaceConnectionAdded,
  MarketplaceConnectionRemoved,
  MarketplacePartnerEvent,
  MarketplacePartnerRegistered,
  MarketplaceUserLinked,
} from './domain/marketplace-partner.events.js';
import type {
  FlagClosed,
  PartnerEvent,
  PartnerManagerAssigned,
  PartnerRecordObserved,
  PartnerRegistered,
  PartnerRenamed,
  PartnerStatusChanged,
  PartnerTraitsAssessed,
  TechnicalCapacityConfirmed,
  TechnicalCapacityWithdrawn,
} from './domain/partner.events.js';
import type { Flag, PartnerTraits, PartnerUserIdentity } from './domain/partner.value.js';
import {
  FLAG_KINDS,
  OPEN_FLAGS_MAX,
  PARTNER_SOURCES,
  PARTNER_STATUSES,
} from './domain/partner.value.js';

const { boolean, id, integer, list, nullable, object, oneOf, optional, text, time, variants } =
  schema;

const status = oneOf(...PARTNER_STATUSES);
const source = oneOf(...PARTNER_SOURCES);
const flagKind = oneOf(...FLAG_KINDS);
const name = text();
const words = text();
const managerId = optional(nullable(id<EmployeeId>()));
const observation = {
  kind: oneOf('record', 'verdict'),
  name,
  status,
  managerId,
  decidedBy: optional(id<EmployeeId>()),
};
type Observation = NonNullable<PartnerRegistered['data']['observation']>;
const identityText = text({ bytesMax: IDENTITY_TEXT_BYTES_MAX });
const identity = { issuer: identityText, subject: identityText };
const ofMarketplacePartner = { marketplacePartnerId: id<MarketplacePartnerId>() };

/** Also part of the keys' events. */
export const verdictSchema = object<Verdict>({
  eligible: boolean(),
  blockers: list(
    variants<'blocker', Blocker>('blocker', {
      onboarding: object({ blocker: oneOf('onboarding'), status }),
      notActive: object({ blocker: oneOf('notActive'), status }),
      noTechnicalCapacity: object({
        blocker: oneOf('noTechnicalCapacity'),
        technicalCapacity: oneOf('unknown', 'withdrawn'),
      }),
      openFlags: object({
        blocker: oneOf('openFlags'),
        flags: list(object({ flagId: text(), kind: flagKind }), OPEN_FLAGS_MAX),
      }),
    }),
  ),
  score: integer(0),
  threshold: integer(0),
  traits: list(
    object<AssessedTrait>({ trait: oneOf(...PARTNER_TRAITS), weight: integer(0), met: boolean() }),
  ),
});

export const partnersEvents: EventCatalogueSection<PartnerEvent | MarketplacePartnerEvent> = {
  PartnerRegistered: {
    version: 1,
    retention: 'governance',
    data: object<PartnerRegistered['data']>({
      partnerId: id(),
      name,
      status,
      managerId: nullable(id()),
      source,
      sourceTime: time(),
      observation: optional(object<Observation>(observation)),
    }),
  },
  PartnerRecordObserved: {
    version: 1,
    retention: 'governance',
    data: object<PartnerRecordObserved['data']>({
      ...observation,
      source: oneOf('import', 'webhook'),
      sourceTime: time(),
    }),
  },
  PartnerRenamed: {
    version: 1,
    retention: 'governance',
    data: object<PartnerRenamed['data']>({ from: name, to: name }),
  },
  PartnerStatusChanged: {
    version: 1,
    retention: 'governance',
    data: object<PartnerStatusChanged['data']>({
      from: status,
      to: status,
      source,
      sourceTime: time(),
      reason: optional(words),
    }),
  },
  PartnerManagerAssigned: {
    version: 1,
    retention: 'governance',
    data: object<PartnerManagerAssigned['data']>({
      from: nullable(id()),
      to: nullable(id()),
      source,
      sourceTime: time(),
    }),
  },
  TechnicalCapacityConfirmed: {
    version: 1,
    retention: 'governance',
    data: object<TechnicalCapacityConfirmed['data']>({ evidence: words }),
  },
  TechnicalCapacityWithdrawn: {
    version: 1,
    retention: 'governance',
    data: object<TechnicalCapacityWithdrawn['data']>({ reason: words }),
  },
  FlagOpened: {
    version: 1,
    retention: 'governance',
    data: object<Flag>({ flagId: text(), kind: flagKind, reason: words }),
  },
  FlagClosed: {
    version: 1,
    retention: 'governance',
    data: object<FlagClosed['data']>({ flagId: text(), reason: words }),
  },
  PartnerTraitsAssessed: {
    version: 1,
    retention: 'governance',
    data: object<PartnerTraitsAssessed['data']>({
      traits: object<PartnerTraits>({
        recurringReportRequests: boolean(),
        ownTooling: boolean(),
        steadyTraffic: boolean(),
        subIdGranularity: boolean(),
        bulkPostbacks: boolean(),
        goodStanding: boolean(),
      }),
    }),
  },
  PartnerUserLinked: {
    version: 1,
    retention: 'governance',
    data: object<PartnerUserIdentity>(identity),
  },
  PartnerUserUnlinked: {
    version: 1,
    retention: 'governance',
    data: object<PartnerUserIdentity>(identity),
  },
  MarketplacePartnerRegistered: {
    version: 1,
    retention: 'governance',
    data: object<MarketplacePartnerRegistered['data']>({ ...ofMarketplacePartner, name }),
  },
  MarketplaceConnectionAdded: {
    version: 1,
    retention: 'governance',
    data: object<MarketplaceConnectionAdded['data']>({ ...ofMarketplacePartner, partnerId: id() }),
  },
  MarketplaceConnectionRemoved: {
    version: 1,
    retention: 'governance',
    data: object<MarketplaceConnectionRemoved['data']>({
      ...ofMarketplacePartner,
      partnerId: id(),
      reason: words,
    }),
  },
  MarketplaceUserLinked: {
    version: 1,
    retention: 'governance',
    data: object<MarketplaceUserLinked['data']>({ ...ofMarketplacePartner, ...identity }),
  },
  MarketplaceUserUnlinked: {
    version: 1,
    retention: 'governance',
    data: object<MarketplaceUserLinked['data']>({ ...ofMarketplacePartner, ...identity }),
  },
};
