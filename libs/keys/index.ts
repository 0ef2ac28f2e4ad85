export type {
  EventReference,
  HolderReinstated,
  HolderSuspended,
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
export { KeysOptions, SHARE_PAGE_PATH } from './keys.options.js';
export type {
  ChangedKey,
  ChangedKeyRing,
  CreatedShare,
  EndedShare,
  IssuedKey,
  Outcome,
  ReissuedKey,
  RevealedKey,
} from './commands/key-outcomes.value.js';
export { EndShare } from './commands/end-share/end-share.command.js';
export { IssueKey } from './commands/issue-key/issue-key.command.js';
export { ReinstateKey } from './commands/reinstate-key/reinstate-key.command.js';
export { ReinstateKeyRing } from './commands/reinstate-key-ring/reinstate-key-ring.command.js';
export { ReissueKey } from './commands/reissue-key/reissue-key.command.js';
export { RelabelKey } from './commands/relabel-key/relabel-key.command.js';
export type { RevealedConnectionKey } from './commands/reveal-connection-keys/reveal-connection-keys.command.js';
export { RevealConnectionKeys } from './commands/reveal-connection-keys/reveal-connection-keys.command.js';
export { RevealKey } from './commands/reveal-key/reveal-key.command.js';
export { RevealOwnKey } from './commands/reveal-own-key/reveal-own-key.command.js';
export { RevokeKey } from './commands/revoke-key/revoke-key.command.js';
export { ShareKey } from './commands/share-key/share-key.command.js';
export { SuspendKey } from './commands/suspend-key/suspend-key.command.js';
export { SuspendKeyRing } from './commands/suspend-key-ring/suspend-key-ring.command.js';
export type { OpenedShare } from './commands/open-share/open-share.command.js';
export { OpenShare } from './commands/open-share/open-share.command.js';
export type { ApiAccess } from './queries/api-access/api-access.value.js';
export type { KeyDetail, KeyStatus, KeyView } from './queries/keys/key.view.js';
export { KEY_STATUSES } from './queries/keys/key.view.js';
export type { ConnectionKey } from './queries/connection-keys/connection-key.view.js';
export { ListConnectionKeys } from './queries/connection-keys/list-connection-keys.query.js';
export { GetKey } from './queries/keys/get-key.query.js';
export { ListKeysOfPartners } from './queries/keys/list-keys-of-partners.query.js';
export { ListKeys } from './queries/keys/list-keys.query.js';
export { GetMe } from './queries/me/get-me.query.js';
export type { MeView } from './queries/me/me.view.js';
export { GetOwnApi } from './queries/own-api/get-own-api.query.js';
export type { OwnApi, OwnKey } from './queries/own-api/own-api.view.js';
export { GetShare } from './queries/shares/get-share.query.js';
export { ListShares } from './queries/shares/list-shares.query.js';
export type { ShareStatus, ShareView } from './queries/shares/share.view.js';
export { SHARE_STATUSES } from './queries/shares/share.view.js';
export type { Sweep } from './processes/sweep.js';
export { KeysModule, keysProcesses, keysSweeps } from './keys.module.js';

import type { Projection } from '#projections';
import { keyDirectoryProjection } from './projections/key-directory.projection.js';

export const keysProjections: readonly Projection[] = [keyDirectoryProjection];
export { KEY_LOOKUP_PURPOSE } from './ports/key-vault.port.js';
