import { Injectable } from '@nestjs/common';
import { employeeId, marketplacePartnerId, partnerId, type NetworkId } from '#kernel';
import { position } from '#event-store';
import { ReadModels, type SqlReader } from '#projections';
import type { Permission } from '../domain/principal.value.js';
import { IdentityDirectory, type LinkedIdentity } from '../ports/identity-directory.port.js';
import { IDENTITIES_PROJECTION } from '../projections/identities.projection.js';

interface IdentityRow {
  readonly kind: string | null;
  readonly employee_id: bigint | null;
  readonly super_user: boolean | null;
  readonly permissions: readonly Permission[] | null;
  readonly scope: string | null;
  readonly partner_id: bigint | null;
  readonly marketplace_partner_id: bigint | null;
  readonly fence: bigint | null;
}

/** One row, and the fence in the same snapshot: a read model behind the fence is waited for, never believed. */
@Injectable()
export class ReadModelIdentityDirectory extends IdentityDirectory {
  constructor(private readonly readModels: ReadModels) {
    super();
  }

  override async find(
    networkId: NetworkId,
    issuer: string,
    subject: string,
    signal?: AbortSignal,
  ): Promise<LinkedIdentity | undefined> {
    const options = { projections: [IDENTITIES_PROJECTION], ...(signal ? { signal } : {}) };
    const look = (sql: SqlReader) =>
      sql.rows<IdentityRow>(IDENTITY_SQL, [networkId, issuer, subject]);
    const first = await this.readModels.read(options, look);
    const fence = first.value[0]?.fence ?? null;
    const { value } =
      fence !== null && fence > first.position
        ? await this.readModels.read({ ...options, atLeast: position(fence) }, look)
        : first;
    return value[0] ? linked(value[0]) : undefined;
  }
}

const IDENTITY_SQL = `
  SELECT i.kind, i.employee_id, i.super_user, i.permissions, i.scope, i.partner_id, i.marketplace_partner_id,
         (SELECT f.position FROM ledger.authority_fences f WHERE f.network_id = $1) AS fence
  FROM (SELECT 1) AS one
  LEFT JOIN read.identities i
    ON i.network_id = $1 AND i.issuer = $2 AND i.subject = $3 AND NOT i.removed`;

function linked(row: IdentityRow): LinkedIdentity | undefined {
  if (row.kind === 'partnerUser' && row.partner_id !== null)
    return { kind: 'partnerUser', partnerId: partnerId(Number(row.partner_id)) };
  if (row.kind === 'marketplaceUser' && row.marketplace_partner_id !== null)
    return {
      kind: 'marketplaceUser',
      marketplacePartnerId: marketplacePartnerId(Number(row.marketplace_partner_id)),
    };
  if (row.kind !== 'employee' || row.employee_id === null) return undefined;
  return {
    kind: 'employee',
    employeeId: employeeId(Number(row.employee_id)),
    superUser: row.super_user === true,
    permissions: row.permissions ?? [],
    // Anything but a plain `global` is the narrower one.
    scope: row.scope === 'global' ? 'global' : 'limited',
  };
}
