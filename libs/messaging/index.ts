export type { RequestContext } from './request-context.js';
export type { DecideRequest, Receipt } from './decide.port.js';
export { CONFLICT_RETRIES_MAX, DecideService, StreamReader } from './decide.port.js';
export { LedgerDecideService, LedgerStreamReader } from './decide.service.js';
export { EventMetadataWriter, personalSubject, RecordedBy } from './event-metadata.js';
export type { SecretWithheld } from './secret-withheld.value.js';
export { SECRET_WITHHELD, SECRET_WITHHELD_DESCRIPTION } from './secret-withheld.value.js';
export type { CommandReceipt, RememberedOutcome } from './ports/command-receipts.port.js';
export { CommandReceipts, RECEIPTS_KEPT_MS } from './ports/command-receipts.port.js';
export type { WrittenVersion } from './ports/upgrade-gate.port.js';
export { SingleReleaseGate, UpgradeGate } from './ports/upgrade-gate.port.js';
export { MemoryCommandReceipts } from './adapters/memory-command-receipts.js';
export { PostgresCommandReceipts } from './adapters/postgres-command-receipts.js';
export { processCommandId, requestCommandId } from './command-ids.js';
export { differs, RequestHasher, UNHASHED } from './request-hasher.js';
export type { EdgeReply, EdgeRequest, RequestedOperation } from './request-contexts.js';
export {
  ANONYMOUS,
  CallerLeftError,
  IDEMPOTENCY_KEY_CHARACTERS_MAX,
  PROCESS_DEADLINE_MS,
  REQUEST_DEADLINE_MS,
  RequestContexts,
} from './request-contexts.js';
export type { AnswerOptions } from './interface/answer.js';
export { Answer, answer } from './interface/answer.js';
export {
  AnswerPositions,
  installPositions,
  POSITION_HEADER,
} from './interface/answer-positions.js';
export { Ctx, IfMatch } from './interface/ctx.decorator.js';
export { LedgerInterceptor } from './interface/ledger.interceptor.js';
export type { MessagingOptions } from './messaging.module.js';
export { MessagingModule } from './messaging.module.js';
export { messagingMigrations } from './messaging.migrations.js';
