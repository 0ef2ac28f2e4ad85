import { Injectable } from '@nestjs/common';
import type { Permission, Principal } from '#access';
import { Authorizer } from '#access';
import type { EmployeeId, NetworkId, PartnerId } from '#kernel';
import { DomainError, employeeId } from '#kernel';
import type { ReadPlace, SqlReader } from '#projections';
import { positionOf, rowsAsOf } from '#projections';
import { networkOf } from '../own-network.js';
import { PARTNERS_TABLE } from '../projections/partner-directory.projection.js';
import type { PartnerRow, PartnerView } from './partner.view.js';
import { PARTNER_COLUMNS, partnerViewOf } from './partner.view.js';

/** The one place where reads of partners are scoped: by the caller's network, and by manager where it is limited. */
@Injectable()
export class PartnerScope {
  constructor(private readonly authorizer: Authorizer) {}

  /** The caller's network, and the manager whose partners it is limited to. */
  async of(
    principal: Principal,
    permission: Permission,
  ): Promise<{ readonly networkId: NetworkId; readonly managerId: EmployeeId | null }> {
    const networkId = networkOf(principal);
    await this.authorizer.authorize(principal, permission, { networkId });
    const { employee } = principal;
    const limited = employee && !employee.superUser && employee.scope === 'limited';
    return { networkId, managerId: limited ? employee.employeeId : null };
  }

  /**
   * Rights are those of now, whatever the data are of: the manager is looked up in the current row.
   *
   * @throws {DomainError} `partners/not-found`, `access/forbidden`
   */
  async partner(
    sql: SqlReader,
    principal: Principal,
    permission: Permission,
    id: PartnerId,
    { asOf }: ReadPlace,
  ): Promise<PartnerView> {
    const networkId = networkOf(principal);
    const [current] = await sql.rows<PartnerRow>(
      `SELECT ${PARTNER_COLUMNS} FROM ${rowsAsOf(PARTNERS_TABLE, undefined)} partner WHERE network_id = $1 AND partner_id = $2`,
      [networkId, id],
    );
    if (!current) throw new DomainError('partners/not-found');
    const managerId = current.manager_id === null ? null : employeeId(Number(current.manager_id));
    await this.authorizer.authorize(principal, permission, { networkId, partnerId: id, managerId });
    if (!asOf) return partnerViewOf(current);
    const [then] = await sql.rows<PartnerRow>(
      `SELECT ${PARTNER_COLUMNS} FROM ${rowsAsOf(PARTNERS_TABLE, '$3')} partner WHERE network_id = $1 AND partner_id = $2`,
      [networkId, id, await positionOf(sql, asOf)],
    );
    if (!then) throw new DomainError('partners/not-found');
    return partnerViewOf(then);
  }
}
