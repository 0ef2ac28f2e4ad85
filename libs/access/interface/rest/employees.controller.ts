import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { employeeId, networkId } from '#kernel';
import { answer, Ctx, type Answer, type RequestContext } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { LOCATION, pageInput, PageParameters, readOptions, ReadParameters } from '#rest';
import { AdmitEmployee } from '../../commands/admit/admit-employee.command.js';
import { ChangeEmployeeRights } from '../../commands/change-rights/change-employee-rights.command.js';
import type { EmployeeAnswer } from '../../commands/employee-desk.js';
import { RemoveEmployee } from '../../commands/remove/remove-employee.command.js';
import type { Principal } from '../../domain/principal.value.js';
import {
  GetEmployee,
  ListEmployees,
  type EmployeeView,
} from '../../queries/employees/employees.query.js';
import { Caller } from '../caller.decorator.js';
import {
  AdmitEmployeeDto,
  ChangeEmployeeRightsDto,
  EmployeeDto,
  EmployeePageDto,
  EmployeePath,
  NetworkEmployeesPath,
  ReadEmployeeDto,
} from './employees.dto.js';

type EmployeeSaid = Omit<EmployeeView, 'admittedAt'>;

@ApiTags('networks')
@ApiBearerAuth()
@Controller('networks/:networkId/employees')
export class EmployeesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'admitEmployee',
    summary: 'Admits an employee of a network.',
    description:
      'An operator admits the first super user; after that, super users and holders of network.employees.manage admit, who grant at most what they hold themselves.',
  })
  @ApiCreatedResponse({ type: EmployeeDto, headers: LOCATION })
  async admit(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: NetworkEmployeesPath,
    @Body() body: AdmitEmployeeDto,
  ): Promise<Answer<EmployeeSaid>> {
    const { issuer, subject, superUser, permissions, scope } = body;
    const id = employeeId(body.employeeId);
    const input = {
      networkId: networkId(path.networkId),
      employeeId: id,
      issuer,
      subject,
      rights: { superUser, permissions, scope },
    };
    const location = `/v1/networks/${String(path.networkId)}/employees/${String(id)}`;
    return this.changed(new AdmitEmployee(caller, context, input), { status: 201, location });
  }

  @Get()
  @ApiOperation({
    operationId: 'listEmployees',
    summary: 'Employees of a network by id, the removed ones too.',
  })
  @ApiOkResponse({ type: EmployeePageDto })
  async list(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: NetworkEmployeesPath,
    @Query() parameters: PageParameters,
  ): Promise<Answer<Page<EmployeeView>>> {
    const query = new ListEmployees(
      caller,
      { networkId: networkId(path.networkId), ...pageInput(parameters) },
      readOptions(parameters, context),
    );
    const { value, position } = await this.queries.execute<
      ListEmployees,
      ReadResult<Page<EmployeeView>>
    >(query);
    return answer(value, position);
  }

  @Get(':employeeId')
  @ApiOperation({ operationId: 'getEmployee', summary: 'One employee of a network.' })
  @ApiOkResponse({ type: ReadEmployeeDto })
  async get(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: EmployeePath,
    @Query() parameters: ReadParameters,
  ): Promise<Answer<EmployeeView>> {
    const query = new GetEmployee(caller, ids(path), readOptions(parameters, context));
    const { value, position } = await this.queries.execute<GetEmployee, ReadResult<EmployeeView>>(
      query,
    );
    return answer(value, position);
  }

  @Patch(':employeeId/rights')
  @ApiOperation({
    operationId: 'changeEmployeeRights',
    summary:
      'Changes what an employee may do; what is absent stays. Holds from the next request on.',
  })
  @ApiOkResponse({ type: EmployeeDto })
  async changeRights(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: EmployeePath,
    @Body() body: ChangeEmployeeRightsDto,
  ): Promise<Answer<EmployeeSaid>> {
    const { superUser, permissions, scope } = body;
    const rights = {
      ...(superUser === undefined ? {} : { superUser }),
      ...(permissions === undefined ? {} : { permissions }),
      ...(scope === undefined ? {} : { scope }),
    };
    return this.changed(new ChangeEmployeeRights(caller, context, { ...ids(path), rights }));
  }

  @Post(':employeeId/remove')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'removeEmployee',
    summary:
      'Removes an employee and frees the identity. Holds from the next request on; the last super user stays.',
  })
  @ApiOkResponse({ type: EmployeeDto })
  async remove(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: EmployeePath,
  ): Promise<Answer<EmployeeSaid>> {
    return this.changed(new RemoveEmployee(caller, context, ids(path)));
  }

  private async changed(
    command: AdmitEmployee | ChangeEmployeeRights | RemoveEmployee,
    options: { readonly status?: number; readonly location?: string } = {},
  ): Promise<Answer<EmployeeSaid>> {
    const { employee, position } = await this.commands.execute<typeof command, EmployeeAnswer>(
      command,
    );
    const { rights, ...said } = employee;
    return answer({ ...said, ...rights }, position, options);
  }
}

const ids = (path: EmployeePath) => ({
  networkId: networkId(path.networkId),
  employeeId: employeeId(path.employeeId),
});
