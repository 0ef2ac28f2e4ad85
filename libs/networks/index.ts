export type { ApiProfile, DocumentationLink, Portal, Region } from './domain/api-profile.value.js';
export { PORTALS, REGIONS, defaultApiProfile } from './domain/api-profile.value.js';
export type {
  EligibilityPolicy,
  KeyPolicy,
  PartnerTrait,
  ShareTtl,
} from './domain/key-policy.value.js';
export { DEFAULT_KEY_POLICY, PARTNER_TRAITS } from './domain/key-policy.value.js';
export type { NetworkEvent } from './domain/network.events.js';
export type { NetworksErrorCode } from './domain/networks.errors.js';
export type { NetworkSettings } from './network-settings.reader.js';
export { NetworkSettingsReader, networkStreamId } from './network-settings.reader.js';
export { networksEvents } from './networks.catalogue.js';
export { networksProblems } from './networks.problems.js';
