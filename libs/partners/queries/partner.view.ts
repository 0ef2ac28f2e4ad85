import type {
  Flag,
  PartnerProfile,
  PartnerStatus,
  PartnerTraits,
  PartnerUserIdentity,
  TechnicalCapacity,
} from '../domain/partner.value.js';

/** A partner as the network's people see it. */
export interface PartnerView {
  readonly partnerId: number;
  readonly name: string;
  readonly status: PartnerStatus;
  readonly managerId: number | null;
  readonly technicalCapacity: TechnicalCapacity;
  readonly openFlags: readonly Flag[];
  readonly traits: PartnerTraits;
  readonly users: readonly PartnerUserIdentity[];
}

export interface PartnerRow {
  readonly partner_id: bigint;
  readonly name: string;
  readonly status: PartnerStatus;
  readonly manager_id: bigint | null;
  readonly technical_capacity: TechnicalCapacity['status'];
  readonly technical_capacity_note: string | null;
  readonly open_flags: readonly Flag[];
  readonly traits: PartnerTraits;
  readonly users: readonly PartnerUserIdentity[];
}

export const PARTNER_COLUMNS =
  'partner_id, name, status, manager_id, technical_capacity, technical_capacity_note, open_flags, traits, users';

export function partnerViewOf(row: PartnerRow): PartnerView {
  return {
    partnerId: Number(row.partner_id),
    name: row.name,
    status: row.status,
    managerId: row.manager_id === null ? null : Number(row.manager_id),
    technicalCapacity: capacityOf(row),
    openFlags: row.open_flags.map(({ flagId, kind, reason }) => ({ flagId, kind, reason })),
    traits: row.traits,
    users: row.users.map(({ issuer, subject }) => ({ issuer, subject })),
  };
}

/** The same from a command's answer. */
export function profileViewOf(profile: PartnerProfile): PartnerView {
  const { partnerId, name, status, managerId, technicalCapacity } = profile;
  const { openFlags, traits, users } = profile;
  return {
    partnerId,
    name,
    status,
    managerId,
    technicalCapacity,
    openFlags: openFlags.map(({ flagId, kind, reason }) => ({ flagId, kind, reason })),
    traits,
    users: users.map(({ issuer, subject }) => ({ issuer, subject })),
  };
}

function capacityOf(row: PartnerRow): TechnicalCapacity {
  const note = row.technical_capacity_note ?? '';
  switch (row.technical_capacity) {
    case 'unknown':
      return { status: 'unknown' };
    case 'confirmed':
      return { status: 'confirmed', evidence: note };
    case 'withdrawn':
      return { status: 'withdrawn', reason: note };
  }
}
