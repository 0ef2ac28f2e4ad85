import type { EmployeeId, IsoTime, PartnerId } from '#kernel';
import type {
  FlagKind,
  PartnerObservation,
  PartnerStatus,
  PartnerTraits,
  PartnerUserIdentity,
} from './partner.value.js';

export type PartnerCommand =
  | {
      readonly kind: 'register';
      readonly partnerId: PartnerId;
      readonly name: string;
      readonly status: PartnerStatus;
      readonly managerId: EmployeeId | null;
      readonly at: IsoTime;
    }
  | { readonly kind: 'observe'; readonly observation: PartnerObservation }
  | {
      readonly kind: 'changeStatus';
      readonly to: PartnerStatus;
      readonly reason: string;
      readonly at: IsoTime;
    }
  | {
      readonly kind: 'assignManager';
      readonly managerId: EmployeeId | null;
      readonly at: IsoTime;
    }
  | { readonly kind: 'confirmTechnicalCapacity'; readonly evidence: string }
  | { readonly kind: 'withdrawTechnicalCapacity'; readonly reason: string }
  | {
      readonly kind: 'openFlag';
      readonly flagId: string;
      readonly flagKind: FlagKind;
      readonly reason: string;
    }
  | { readonly kind: 'closeFlag'; readonly flagId: string; readonly reason: string }
  | { readonly kind: 'assessTraits'; readonly traits: Partial<PartnerTraits> }
  | { readonly kind: 'linkUser'; readonly user: PartnerUserIdentity }
  | { readonly kind: 'unlinkUser'; readonly user: PartnerUserIdentity };
