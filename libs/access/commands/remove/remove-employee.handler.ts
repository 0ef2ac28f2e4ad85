import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdentityReservations } from '../../identity-reservations.js';
import { EmployeeDesk, type EmployeeAnswer } from '../employee-desk.js';
import { RemoveEmployee } from './remove-employee.command.js';

@CommandHandler(RemoveEmployee)
export class RemoveEmployeeHandler implements ICommandHandler<RemoveEmployee, EmployeeAnswer> {
  constructor(
    private readonly desk: EmployeeDesk,
    private readonly reservations: IdentityReservations,
  ) {}

  async execute({ principal, context, input }: RemoveEmployee): Promise<EmployeeAnswer> {
    const { networkId, employeeId } = input;
    const by = await this.desk.authorize(principal, networkId);
    const receipt = await this.desk.decide(networkId, context, { kind: 'remove', by, employeeId });
    const answer = this.desk.answer(receipt, employeeId);
    const { issuer, subject } = answer.employee;
    const { position } = answer;
    const owner = { kind: 'employee', employeeId } as const;
    await this.reservations.releaseUnlinked(context, networkId, issuer, subject, owner, position);
    return answer;
  }
}
