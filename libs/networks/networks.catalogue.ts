import type { EventCatalogueSection } from '#event-store';
import { schema } from '#kernel';
import type { ApiProfile, DocumentationLink } from './domain/api-profile.value.js';
import { DOCUMENTATION_LINKS_MAX, REGIONS } from './domain/api-profile.value.js';
import type { EligibilityPolicy, KeyPolicy, ShareTtl } from './domain/key-policy.value.js';
import type {
  NetworkCreated,
  NetworkEvent,
  WebhookCredentialIssued,
} from './domain/network.events.js';
import type { NetworkKeyPolicySet, WebhookCredentialRevoked } from './domain/network.events.js';

const { boolean, id, integer, list, object, oneOf, text, uuid } = schema;

const links = list(
  object<DocumentationLink>({ title: text(), url: text() }),
  DOCUMENTATION_LINKS_MAX,
);
const weight = integer(0);

export const networksEvents: EventCatalogueSection<NetworkEvent> = {
  NetworkCreated: {
    version: 1,
    retention: 'governance',
    data: object<NetworkCreated['data']>({ name: text(), region: oneOf(...REGIONS) }),
  },
  NetworkKeyPolicySet: {
    version: 1,
    retention: 'governance',
    data: object<NetworkKeyPolicySet['data']>({
      policy: object<KeyPolicy>({
        keyPrefix: text(),
        activeKeysMax: id(),
        eligibility: object<EligibilityPolicy>({
          threshold: integer(0),
          weights: object<EligibilityPolicy['weights']>({
            recurringReportRequests: weight,
            ownTooling: weight,
            steadyTraffic: weight,
            subIdGranularity: weight,
            bulkPostbacks: weight,
            goodStanding: weight,
          }),
        }),
        marketplaceSecretsListed: boolean(),
        shareTtlSeconds: object<ShareTtl>({ default: id(), max: id() }),
        suspendOnFlag: boolean(),
      }),
    }),
  },
  NetworkApiProfileSet: {
    version: 1,
    retention: 'governance',
    data: object<ApiProfile>({
      baseUrl: text(),
      headerName: text(),
      documentation: object<ApiProfile['documentation']>({
        affiliate: links,
        advertiser: links,
        network: links,
        marketplace: links,
      }),
    }),
  },
  WebhookCredentialIssued: {
    version: 1,
    retention: 'governance',
    data: object<WebhookCredentialIssued['data']>({
      credentialId: uuid(),
      pepperId: text(),
      hash: text(),
      label: text(),
    }),
  },
  WebhookCredentialRevoked: {
    version: 1,
    retention: 'governance',
    data: object<WebhookCredentialRevoked['data']>({ credentialId: uuid() }),
  },
};
