export type { AssessedTrait, Blocker, Verdict } from './domain/eligibility.policy.js';
export { assessEligibility } from './domain/eligibility.policy.js';
export type { PartnerEvent } from './domain/partner.events.js';
export type {
  Flag,
  FlagKind,
  PartnerProfile,
  PartnerSource,
  PartnerStatus,
  PartnerTraits,
  PartnerUserIdentity,
  TechnicalCapacity,
} from './domain/partner.value.js';
export { FLAG_KINDS, PARTNER_STATUSES } from './domain/partner.value.js';
export type { MarketplacePartnerEvent } from './domain/marketplace-partner.events.js';
export type { MarketplacePartnerProfile } from './domain/marketplace-partner.value.js';
export {
  MARKETPLACE_CONNECTIONS_MAX,
  MARKETPLACE_USERS_MAX,
} from './domain/marketplace-partner.value.js';
export {
  MarketplacePartnerReader,
  marketplacePartnerStreamId,
} from './marketplace-partner.reader.js';
export type { PartnersErrorCode } from './domain/partners.errors.js';
export type { PartnerFacts } from './partner.reader.js';
export { PartnerReader, partnerStreamId } from './partner.reader.js';
export { partnersEvents, verdictSchema } from './partners.catalogue.js';
export { partnersProblems } from './partners.problems.js';

import type { Projection } from '#projections';
import { marketplaceDirectory } from './projections/marketplace-directory.projection.js';
import { partnerDirectory } from './projections/partner-directory.projection.js';

export { partnerDirectory };
export const partnersProjections: readonly Projection[] = [partnerDirectory, marketplaceDirectory];
export { partnersMigrations } from './migrations/create-dead-letters.migration.js';
export type { PartnerView } from './queries/partner.view.js';
export { profileViewOf } from './queries/partner.view.js';
export { GetPartner } from './queries/get-partner/get-partner.query.js';
export { GetPartners } from './queries/get-partners/get-partners.query.js';
export type { PartnerFilters } from './queries/list-partners/list-partners.query.js';
export { ListPartners } from './queries/list-partners/list-partners.query.js';
export type { PartnerVerdict } from './queries/assess-partner/assess-partner.query.js';
export { AssessPartner } from './queries/assess-partner/assess-partner.query.js';
export type { DeadLetterView } from './queries/list-dead-letters/list-dead-letters.query.js';
export { ListDeadLetters } from './queries/list-dead-letters/list-dead-letters.query.js';
export type { PartnerAnswer } from './commands/partner-decisions.js';
export { RegisterPartner } from './commands/register-partner/register-partner.command.js';
export { ChangePartnerStatus } from './commands/change-status/change-status.command.js';
export { AssignPartnerManager } from './commands/assign-manager/assign-manager.command.js';
export { ConfirmTechnicalCapacity } from './commands/confirm-technical-capacity/confirm-technical-capacity.command.js';
export { WithdrawTechnicalCapacity } from './commands/withdraw-technical-capacity/withdraw-technical-capacity.command.js';
export { OpenFlag } from './commands/open-flag/open-flag.command.js';
export { CloseFlag } from './commands/close-flag/close-flag.command.js';
export { AssessPartnerTraits } from './commands/assess-traits/assess-traits.command.js';
export { LinkPartnerUser } from './commands/link-user/link-user.command.js';
export { UnlinkPartnerUser } from './commands/unlink-user/unlink-user.command.js';
export type {
  ImportAnswer,
  ImportedRecord,
} from './commands/import-partners/import-partners.command.js';
export {
  IMPORT_RECORDS_MAX,
  ImportPartners,
} from './commands/import-partners/import-partners.command.js';
export type { MarketplacePartnerAnswer } from './commands/marketplace-partner-decisions.js';
export { ConnectMarketplacePartner } from './commands/connect-marketplace-partner/connect-marketplace-partner.command.js';
export { DisconnectMarketplacePartner } from './commands/disconnect-marketplace-partner/disconnect-marketplace-partner.command.js';
export { LinkMarketplaceUser } from './commands/link-marketplace-user/link-marketplace-user.command.js';
export { RegisterMarketplacePartner } from './commands/register-marketplace-partner/register-marketplace-partner.command.js';
export { UnlinkMarketplaceUser } from './commands/unlink-marketplace-user/unlink-marketplace-user.command.js';
export type { MarketplacePartnerView } from './queries/marketplace-partners/marketplace-partner.view.js';
export { marketplaceProfileViewOf } from './queries/marketplace-partners/marketplace-partner.view.js';
export {
  GetMarketplacePartner,
  ListMarketplacePartners,
} from './queries/marketplace-partners/marketplace-partners.query.js';
export { installPartnerWebhooks } from './interface/partner-webhooks.js';
export { PartnersModule } from './partners.module.js';
export { MalformedListError, RECORD_BYTES_MAX } from './import-client/record-splitter.js';
export type {
  ImportProgress,
  ImportRefusal,
  ImportReport,
  ImportResult,
  PartnerImport,
} from './import-client/partner-import.js';
export { importPartners } from './import-client/partner-import.js';
export { PartnerType, VerdictType } from './interface/graphql/partners.types.js';
export { EligibilityResponse } from './interface/rest/partners.dto.js';
