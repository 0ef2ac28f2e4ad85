export type { Decider, DomainEvent } from './decider.js';
export { fold } from './decider.js';
export type { DomainErrorCode } from './domain-error.js';
export { DomainError } from './domain-error.js';
export type { IsoTime } from './clock.js';
export { Clock } from './clock.js';
export { INSTANT_EXPECTED, instantOf, shiftedInstant } from './instant.js';
export type {
  EmployeeId,
  KeyId,
  MarketplacePartnerId,
  NetworkId,
  PartnerId,
  ShareId,
} from './ids.js';
export {
  employeeId,
  isUuid,
  keyId,
  marketplacePartnerId,
  networkId,
  partnerId,
  shareId,
  streamId,
} from './ids.js';
export type { ClientTextOptions, TextRefusal } from './client-text.js';
export { assertNoKeyMaterial, clientText } from './client-text.js';
export type { Schema } from './schema.js';
export * as schema from './schema.js';
export type { ParsedKey, PortalCode } from './key-material.js';
export {
  BASE62,
  composeKey,
  composePassphrase,
  containsKeyMaterial,
  isKeyPrefix,
  KEY_CHARS_MAX,
  KEY_HINT_CHARS,
  KEY_RANDOM_CHARS,
  maskedKey,
  normalizedPassphrase,
  PASSPHRASE_ALPHABET,
  PASSPHRASE_RANDOM_CHARS,
  parseKey,
  withoutKeyMaterial,
} from './key-material.js';
