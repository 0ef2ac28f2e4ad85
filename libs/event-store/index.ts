export type {
  AppendResult,
  CallOptions,
  ExpectedRevision,
  JsonText,
  NewEvent,
  ReadAllOptions,
  ReadStreamOptions,
  StoredEvent,
  SubscribeFilter,
  SubscribeOptions,
  SubscriptionItem,
} from './event-store.port.js';
export {
  APPEND_BYTES_MAX,
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventStore,
  PROGRESS_INTERVAL_MS,
  SUBSCRIPTION_BUFFER_EVENTS_MAX,
} from './event-store.port.js';
export {
  AppendOutcomeUnknownError,
  AppendTooLargeError,
  EventStoreAccessDeniedError,
  EventStoreError,
  EventStoreUnavailableError,
  InvalidEventError,
  PositionNotInLogError,
  WrongExpectedRevisionError,
} from './event-store.errors.js';
export type { Position } from './position.js';
export { parsePosition, position, POSITION_MAX } from './position.js';
export { notingPositions, PositionsSeen, positionsSeen } from './positions-seen.js';
export type { Actor, ActorType, EventMetadata, SealedText } from './metadata.js';
export { ACTOR_TYPES, actorSchema } from './metadata.js';
export type {
  EventCatalogueSection,
  EventDefinition,
  RecordedEvent,
  RetentionClass,
} from './catalogue.js';
export { EventCatalogue, UnknownEventError } from './catalogue.js';
export {
  APPEND_EVENTS_MAX,
  checkAppend,
  checkStreamId,
  EVENT_TYPE_BYTES_MAX,
  STREAM_ID_BYTES_MAX,
} from './append-request.js';
export type { AppendUntilKnownOptions } from './append-until-known.js';
export {
  APPEND_RETRY_DELAY_MS_FIRST,
  APPEND_RETRY_DELAY_MS_MAX,
  appendUntilKnown,
} from './append-until-known.js';
export type {
  LastHandled,
  Ledger,
  LedgerBeacon,
  LedgerEvent,
  LedgerOpened,
  OpenLedgerOptions,
} from './ledger.js';
export {
  assertSameLog,
  findLedger,
  LEDGER_BEACON_STREAM,
  LEDGER_STREAM,
  ledgerEvents,
  ledgerMetadata,
  letsThrough,
  LogMismatchError,
  openLedger,
} from './ledger.js';
