import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Connection, ReadAt } from '#graphql';
import { readAt, readPlace } from '#graphql';
import { employeeId, networkId } from '#kernel';
import { answer, Ctx, type Answer, type RequestContext } from '#messaging';
import { type Page, type ReadResult } from '#projections';
import { AdmitEmployee } from '../../commands/admit/admit-employee.command.js';
import { ChangeEmployeeRights } from '../../commands/change-rights/change-employee-rights.command.js';
import type { EmployeeAnswer } from '../../commands/employee-desk.js';
import { RemoveEmployee } from '../../commands/remove/remove-employee.command.js';
import type { Principal } from '../../domain/principal.value.js';
import {
  employeeCursor,
  GetEmployee,
  ListEmployees,
  type EmployeeView,
} from '../../queries/employees/employees.query.js';
import { Caller } from '../caller.decorator.js';
import {
  AdmitEmployeeInput,
  ChangeEmployeeRightsInput,
  EmployeeArgs,
  EmployeeConnection,
  EmployeeIdArgs,
  EmployeesArgs,
  EmployeeType,
} from './employees.types.js';

type EmployeeSaid = Omit<EmployeeView, 'admittedAt'>;

@Resolver(() => EmployeeType)
export class EmployeesResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => EmployeeType, { description: 'One employee of a network.' })
  async employee(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: EmployeeArgs,
  ): Promise<Answer<EmployeeView & ReadAt>> {
    const query = new GetEmployee(caller, ids(args), readPlace(args, context));
    const { value, position } = await this.queries.execute<GetEmployee, ReadResult<EmployeeView>>(
      query,
    );
    return answer({ ...value, ...readAt(position) }, position);
  }

  @Query(() => EmployeeConnection, {
    description: 'Employees of a network by id, the removed ones too.',
  })
  async employees(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: EmployeesArgs,
  ): Promise<Answer<Connection<EmployeeView & ReadAt>>> {
    const network = networkId(Number(args.networkId));
    const { first, after } = args;
    const query = new ListEmployees(
      caller,
      { networkId: network, first, after },
      readPlace(args, context),
    );
    const { value, position } = await this.queries.execute<
      ListEmployees,
      ReadResult<Page<EmployeeView>>
    >(query);
    const edges = value.items.map((node) => ({
      node: { ...node, ...readAt(position) },
      cursor: employeeCursor(network, node.employeeId),
    }));
    return answer({ edges, pageInfo: value.page, position }, position);
  }

  @Mutation(() => EmployeeType, {
    description: 'Admits an employee; operators: the first super user.',
  })
  admitEmployee(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: AdmitEmployeeInput,
  ): Promise<Answer<EmployeeSaid & ReadAt>> {
    const { issuer, subject, superUser, permissions, scope } = input;
    return this.changed(
      new AdmitEmployee(caller, context, {
        ...ids(input),
        issuer,
        subject,
        rights: { superUser, permissions, scope },
      }),
    );
  }

  @Mutation(() => EmployeeType, {
    description: 'Changes what an employee may do, from the next request on.',
  })
  changeEmployeeRights(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: ChangeEmployeeRightsInput,
  ): Promise<Answer<EmployeeSaid & ReadAt>> {
    const { superUser, permissions, scope } = input;
    const rights = {
      ...(typeof superUser === 'boolean' ? { superUser } : {}),
      ...(permissions ? { permissions } : {}),
      ...(scope ? { scope } : {}),
    };
    return this.changed(new ChangeEmployeeRights(caller, context, { ...ids(input), rights }));
  }

  @Mutation(() => EmployeeType, { description: 'Removes an employee, from the next request on.' })
  removeEmployee(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: EmployeeIdArgs,
  ): Promise<Answer<EmployeeSaid & ReadAt>> {
    return this.changed(new RemoveEmployee(caller, context, ids(args)));
  }

  private async changed(
    command: AdmitEmployee | ChangeEmployeeRights | RemoveEmployee,
  ): Promise<Answer<EmployeeSaid & ReadAt>> {
    const { employee, position } = await this.commands.execute<typeof command, EmployeeAnswer>(
      command,
    );
    const { rights, ...said } = employee;
    return answer({ ...said, ...rights, ...readAt(position) }, position);
  }
}

const ids = (args: EmployeeIdArgs) => ({
  networkId: networkId(Number(args.networkId)),
  employeeId: employeeId(Number(args.employeeId)),
});
