import type { EmployeeId, IsoTime, PartnerId } from '#kernel';
import type { PartnerTrait } from '#networks';

/** `unverified` (sign-up whose e-mail is not verified) and `pending` are onboarding; only `active` partners get keys. */
export const PARTNER_STATUSES = [
  'unverified',
  'pending',
  'active',
  'inactive',
  'suspended',
  'rejected',
  'offboarded',
] as const;
export type PartnerStatus = (typeof PARTNER_STATUSES)[number];

/** What people may do. The vendor's own records may report any status: records in between may have been missed. */
export const STATUS_TRANSITIONS: Readonly<Record<PartnerStatus, readonly PartnerStatus[]>> = {
  unverified: ['pending', 'rejected', 'offboarded'],
  pending: ['active', 'inactive', 'rejected', 'offboarded'],
  active: ['inactive', 'suspended', 'offboarded'],
  inactive: ['active', 'suspended', 'offboarded'],
  suspended: ['active', 'inactive', 'offboarded'],
  rejected: ['pending', 'offboarded'],
  offboarded: [],
};

/** Where a partner's record came from. */
export const PARTNER_SOURCES = ['manual', 'import', 'webhook'] as const;
export type PartnerSource = (typeof PARTNER_SOURCES)[number];

export const FLAG_KINDS = ['fraud', 'quality'] as const;
export type FlagKind = (typeof FLAG_KINDS)[number];

export interface Flag {
  readonly flagId: string;
  readonly kind: FlagKind;
  readonly reason: string;
}

export type TechnicalCapacity =
  | { readonly status: 'unknown' }
  | { readonly status: 'confirmed'; readonly evidence: string }
  | { readonly status: 'withdrawn'; readonly reason: string };

export type PartnerTraits = Readonly<Record<PartnerTrait, boolean>>;

/** Before anybody assessed them; also their order wherever they are listed. */
export const NO_TRAITS: PartnerTraits = {
  recurringReportRequests: false,
  ownTooling: false,
  steadyTraffic: false,
  subIdGranularity: false,
  bulkPostbacks: false,
  goodStanding: false,
};

/** A user of the partner, as its identity provider names it. */
export interface PartnerUserIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** What is known of a partner, as other contexts may use it. */
export interface PartnerProfile {
  readonly partnerId: PartnerId;
  readonly name: string;
  readonly status: PartnerStatus;
  readonly managerId: EmployeeId | null;
  readonly technicalCapacity: TechnicalCapacity;
  readonly openFlags: readonly Flag[];
  readonly traits: PartnerTraits;
  readonly users: readonly PartnerUserIdentity[];
}

/**
 * One record of the vendor's, reduced to what governs keys. `record` is the partner itself (created, updated, signed up,
 * lists), `verdict` a sign-up's verdict.
 */
export interface PartnerObservation {
  readonly partnerId: PartnerId;
  readonly kind: 'record' | 'verdict';
  readonly source: 'import' | 'webhook';
  /** The vendor's time of the record's last change, whole seconds. */
  readonly sourceTime: IsoTime;
  readonly name: string;
  readonly status: PartnerStatus;
  /** `undefined`: the record does not say. */
  readonly managerId?: EmployeeId | null;
  /** The employee who gave the verdict. */
  readonly decidedBy?: EmployeeId;
}

export const OPEN_FLAGS_MAX = 50;
export const PARTNER_USERS_MAX = 200;
