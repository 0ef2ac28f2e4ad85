import type { DomainEvent, EmployeeId, IsoTime, PartnerId } from '#kernel';
import type {
  Flag,
  PartnerObservation,
  PartnerSource,
  PartnerStatus,
  PartnerTraits,
  PartnerUserIdentity,
} from './partner.value.js';

export type PartnerRegistered = DomainEvent<
  'PartnerRegistered',
  {
    readonly partnerId: PartnerId;
    readonly name: string;
    readonly status: PartnerStatus;
    readonly managerId: EmployeeId | null;
    readonly source: PartnerSource;
    /** The vendor's time of the record, or of the request when a person registered it. */
    readonly sourceTime: IsoTime;
    /** The vendor's record that it came from; absent when a person registered it. */
    readonly observation?: Omit<PartnerObservation, 'partnerId' | 'source' | 'sourceTime'>;
  }
>;
/** A newer record of the vendor's, as it said; what changed by it follows as events of their own. */
export type PartnerRecordObserved = DomainEvent<
  'PartnerRecordObserved',
  Omit<PartnerObservation, 'partnerId'>
>;
export type PartnerRenamed = DomainEvent<
  'PartnerRenamed',
  { readonly from: string; readonly to: string }
>;
export type PartnerStatusChanged = DomainEvent<
  'PartnerStatusChanged',
  {
    readonly from: PartnerStatus;
    readonly to: PartnerStatus;
    readonly source: PartnerSource;
    /** When the source says that it changed. */
    readonly sourceTime: IsoTime;
    readonly reason?: string;
  }
>;
export type PartnerManagerAssigned = DomainEvent<
  'PartnerManagerAssigned',
  {
    readonly from: EmployeeId | null;
    readonly to: EmployeeId | null;
    readonly source: PartnerSource;
    readonly sourceTime: IsoTime;
  }
>;
export type TechnicalCapacityConfirmed = DomainEvent<
  'TechnicalCapacityConfirmed',
  { readonly evidence: string }
>;
export type TechnicalCapacityWithdrawn = DomainEvent<
  'TechnicalCapacityWithdrawn',
  { readonly reason: string }
>;
export type FlagOpened = DomainEvent<'FlagOpened', Flag>;
export type FlagClosed = DomainEvent<
  'FlagClosed',
  { readonly flagId: string; readonly reason: string }
>;
/** The traits as they are now, all of them. */
export type PartnerTraitsAssessed = DomainEvent<
  'PartnerTraitsAssessed',
  { readonly traits: PartnerTraits }
>;
export type PartnerUserLinked = DomainEvent<'PartnerUserLinked', PartnerUserIdentity>;
export type PartnerUserUnlinked = DomainEvent<'PartnerUserUnlinked', PartnerUserIdentity>;

/** Stream `partner-<network>-<partner>`. */
export type PartnerEvent =
  | PartnerRegistered
  | PartnerRecordObserved
  | PartnerRenamed
  | PartnerStatusChanged
  | PartnerManagerAssigned
  | TechnicalCapacityConfirmed
  | TechnicalCapacityWithdrawn
  | FlagOpened
  | FlagClosed
  | PartnerTraitsAssessed
  | PartnerUserLinked
  | PartnerUserUnlinked;
