import { Injectable } from '@nestjs/common';
import { QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError, employeeId, streamId, type NetworkId } from '#kernel';
import { StreamReader } from '#messaging';
import {
  decodeCursor,
  pageOf,
  ReadModels,
  rowsAt,
  type Page,
  type ReadPlace,
  type ReadResult,
} from '#projections';
import { Authorizer, OPERATOR } from '../../authorizer.port.js';
import type { Permission, Principal } from '../../domain/principal.value.js';
import { EMPLOYEES_TABLE, IDENTITIES_PROJECTION } from '../../projections/identities.projection.js';
import {
  employeeCursor,
  EMPLOYEES_CURSOR,
  GetEmployee,
  ListEmployees,
  type EmployeeView,
} from './employees.query.js';

interface EmployeeRow {
  readonly employee_id: bigint;
  readonly issuer: string;
  readonly subject: string;
  readonly super_user: boolean;
  readonly permissions: readonly Permission[];
  readonly scope: 'global' | 'limited';
  readonly removed: boolean;
  readonly admitted_at: string;
}

/** Reads the employees of one network, for those who may manage them. */
@Injectable()
export class EmployeeReader {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly streams: StreamReader,
    private readonly readModels: ReadModels,
  ) {}

  /** @throws {DomainError} `access/unknown-network` (also for a network that is not the caller's), `access/forbidden` */
  async authorize(principal: Principal, networkId: NetworkId): Promise<void> {
    if (principal.networkId !== null && principal.networkId !== networkId)
      throw new DomainError('access/unknown-network');
    const operator = principal.actor.type === 'operator';
    await this.authorizer.authorize(principal, operator ? OPERATOR : 'network.employees.manage', {
      networkId,
    });
    if (!operator) return;
    const settings = streamId('network', networkId, 'settings');
    const { revision } = await this.streams.load(settings, {
      initialState: () => null,
      evolve: () => null,
    });
    if (revision < 0n) throw new DomainError('access/unknown-network');
  }

  /** @param rest SQL after the network's condition; `$1` is the network, then `parameters`. */
  read(
    networkId: NetworkId,
    place: ReadPlace,
    rest: string,
    parameters: readonly unknown[],
  ): Promise<ReadResult<EmployeeRow[]>> {
    const options = { projections: [IDENTITIES_PROJECTION], ...place };
    return this.readModels.read(options, async (sql) => {
      const parameter = `$${String(parameters.length + 2)}`;
      const employees = await rowsAt(sql, EMPLOYEES_TABLE, place.asOf, parameter);
      return sql.rows<EmployeeRow>(
        `SELECT e.employee_id, e.issuer, e.subject, e.super_user, e.permissions, e.scope, e.removed, e.admitted_at
         FROM ${employees.rows} e WHERE e.network_id = $1 ${rest}`,
        [networkId, ...parameters, ...employees.values],
      );
    });
  }
}

@QueryHandler(ListEmployees)
export class ListEmployeesHandler implements IQueryHandler<
  ListEmployees,
  ReadResult<Page<EmployeeView>>
> {
  constructor(private readonly employees: EmployeeReader) {}

  async execute(query: ListEmployees): Promise<ReadResult<Page<EmployeeView>>> {
    const { principal, input, options } = query;
    const { networkId, first, after } = input;
    await this.employees.authorize(principal, networkId);
    const [last] =
      after === undefined ? [0n] : decodeCursor(EMPLOYEES_CURSOR, networkId, after, ['int8']);
    const { value, position } = await this.employees.read(
      networkId,
      options,
      `AND e.employee_id > $2 ORDER BY e.employee_id LIMIT $3`,
      [last, first + 1],
    );
    const page = pageOf(value, first, viewOf, (row) => employeeCursor(networkId, row.employee_id));
    return { value: page, position };
  }
}

@QueryHandler(GetEmployee)
export class GetEmployeeHandler implements IQueryHandler<GetEmployee, ReadResult<EmployeeView>> {
  constructor(private readonly employees: EmployeeReader) {}

  async execute(query: GetEmployee): Promise<ReadResult<EmployeeView>> {
    const { principal, input, options } = query;
    const { networkId, employeeId: id } = input;
    await this.employees.authorize(principal, networkId);
    const { value, position } = await this.employees.read(
      networkId,
      options,
      `AND e.employee_id = $2`,
      [id],
    );
    const [row] = value;
    if (!row) throw new DomainError('access/unknown-employee');
    return { value: viewOf(row), position };
  }
}

const viewOf = (row: EmployeeRow): EmployeeView => ({
  employeeId: employeeId(Number(row.employee_id)),
  issuer: row.issuer,
  subject: row.subject,
  superUser: row.super_user,
  permissions: row.permissions,
  scope: row.scope,
  removed: row.removed,
  admittedAt: row.admitted_at,
});
