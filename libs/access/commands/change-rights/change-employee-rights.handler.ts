import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EmployeeDesk, type EmployeeAnswer } from '../employee-desk.js';
import { ChangeEmployeeRights } from './change-employee-rights.command.js';

@CommandHandler(ChangeEmployeeRights)
export class ChangeEmployeeRightsHandler implements ICommandHandler<
  ChangeEmployeeRights,
  EmployeeAnswer
> {
  constructor(private readonly desk: EmployeeDesk) {}

  async execute({ principal, context, input }: ChangeEmployeeRights): Promise<EmployeeAnswer> {
    const { networkId, employeeId, rights } = input;
    const by = await this.desk.authorize(principal, networkId);
    const receipt = await this.desk.decide(networkId, context, {
      kind: 'changeRights',
      by,
      employeeId,
      rights,
    });
    return this.desk.answer(receipt, employeeId);
  }
}
