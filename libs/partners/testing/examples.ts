import { employeeId, marketplacePartnerId, partnerId } from '#kernel';
import type { MarketplacePartnerEvent, PartnerEvent } from '../index.js';

const FLAG = '0c9a4b52-54d3-5a63-8d0b-6a7c3f0b9e21';

type Known = PartnerEvent | MarketplacePartnerEvent;

/** One event of each type as it is written now, for golden files. */
export const partnerEventExamples: {
  readonly [Type in Known['type']]: Extract<Known, { type: Type }>['data'];
} = {
  PartnerRegistered: {
    partnerId: partnerId(2003),
    name: 'Cedar & Co Reviews',
    status: 'pending',
    managerId: employeeId(12),
    source: 'webhook',
    sourceTime: '2025-10-11T11:53:20.000Z',
    observation: {
      kind: 'record',
      name: 'Cedar & Co Reviews',
      status: 'pending',
      managerId: employeeId(12),
    },
  },
  PartnerRecordObserved: {
    kind: 'verdict',
    source: 'webhook',
    sourceTime: '2025-10-11T12:03:20.000Z',
    name: 'Cedar & Co Reviews',
    status: 'active',
    decidedBy: employeeId(12),
  },
  PartnerRenamed: { from: 'Elmfield Agency', to: 'Elmfield Group' },
  PartnerStatusChanged: {
    from: 'active',
    to: 'suspended',
    source: 'manual',
    sourceTime: '2025-10-12T08:00:00.000Z',
    reason: 'chargebacks under review',
  },
  PartnerManagerAssigned: {
    from: employeeId(11),
    to: null,
    source: 'import',
    sourceTime: '2025-10-12T08:00:00.000Z',
  },
  TechnicalCapacityConfirmed: { evidence: 'their script pulled a report in the sandbox' },
  TechnicalCapacityWithdrawn: { reason: 'their engineer left' },
  FlagOpened: { flagId: FLAG, kind: 'fraud', reason: 'click spikes from one address' },
  FlagClosed: { flagId: FLAG, reason: 'explained by a campaign' },
  PartnerTraitsAssessed: {
    traits: {
      recurringReportRequests: true,
      ownTooling: true,
      steadyTraffic: true,
      subIdGranularity: false,
      bulkPostbacks: false,
      goodStanding: true,
    },
  },
  PartnerUserLinked: { issuer: 'https://login.example.test', subject: 'user-7f3a' },
  PartnerUserUnlinked: { issuer: 'https://login.example.test', subject: 'user-7f3a' },
  MarketplacePartnerRegistered: {
    marketplacePartnerId: marketplacePartnerId(31),
    name: 'Bazaar of Creators',
  },
  MarketplaceConnectionAdded: {
    marketplacePartnerId: marketplacePartnerId(31),
    partnerId: partnerId(2003),
  },
  MarketplaceConnectionRemoved: {
    marketplacePartnerId: marketplacePartnerId(31),
    partnerId: partnerId(2003),
    reason: 'left the marketplace',
  },
  MarketplaceUserLinked: {
    marketplacePartnerId: marketplacePartnerId(31),
    issuer: 'https://login.example.test',
    subject: 'user-9b1c',
  },
  MarketplaceUserUnlinked: {
    marketplacePartnerId: marketplacePartnerId(31),
    issuer: 'https://login.example.test',
    subject: 'user-9b1c',
  },
};
