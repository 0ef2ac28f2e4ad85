export type {
  EventReference,
  KeyExpired,
  KeyIssued,
  KeyReinstated,
  KeyRelabeled,
  KeyRevealed,
  KeyRevoked,
  KeyRingEvent,
  KeyShared,
  KeySuspended,
  RevealPurpose,
  RevocationReason,
  SecretReference,
  ShareBound,
  ShareChannel,
  ShareEnded,
  ShareEndReason,
  ShareOpened,
  ShareOpener,
  ShareRecipient,
  ShareRecipientType,
  SuspensionCause,
  SuspensionScope,
} from './domain/key-ring.events.js';
export {
  KEY_VERSION_EVENTS,
  REVEAL_PURPOSES,
  REVOCATION_REASONS,
  SHARE_CHANNELS,
  SHARE_END_REASONS,
  SHARE_RECIPIENT_TYPES,
  userReference,
} from './domain/key-ring.events.js';
export type { KeysErrorCode } from './domain/key-ring.errors.js';
export type {
  Holder,
  HolderType,
  Portal,
  PortalRules,
  RingId,
  SecretStorage,
} from './domain/portal.value.js';
export {
  HOLDER_TYPES,
  KEY_RING_CATEGORY,
  keyRingStream,
  PORTAL_RULES,
  PORTALS,
} from './domain/portal.value.js';
export type { EligibilityVerdict } from './domain/verdict.value.js';
export { keysEvents } from './keys.catalogue.js';
export { keysProblems } from './keys.problems.js';
export { keysMigrations } from './keys.migrations.js';
