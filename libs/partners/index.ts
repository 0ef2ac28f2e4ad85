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
export type { PartnersErrorCode } from './domain/partners.errors.js';
export type { PartnerFacts } from './partner.reader.js';
export { PartnerReader, partnerStreamId } from './partner.reader.js';
export { partnersEvents } from './partners.catalogue.js';
export { partnersProblems } from './partners.problems.js';
