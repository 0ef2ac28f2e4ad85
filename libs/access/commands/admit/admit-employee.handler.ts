import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel';
import { rosterDecider } from '../../domain/roster.decider.js';
import { IdentityReservations, type Reservation } from '../../identity-reservations.js';
import { EmployeeDesk, type EmployeeAnswer } from '../employee-desk.js';
import { AdmitEmployee } from './admit-employee.command.js';

@CommandHandler(AdmitEmployee)
export class AdmitEmployeeHandler implements ICommandHandler<AdmitEmployee, EmployeeAnswer> {
  constructor(
    private readonly desk: EmployeeDesk,
    private readonly reservations: IdentityReservations,
  ) {}

  async execute({ principal, context, input }: AdmitEmployee): Promise<EmployeeAnswer> {
    const { networkId, employeeId, issuer, subject, rights } = input;
    const by = await this.desk.authorize(principal, networkId);
    const owner = { kind: 'employee', employeeId } as const;
    const admit = { kind: 'admit', by, employeeId, issuer, subject, rights } as const;
    const held: { reserved?: Reservation } = {};
    try {
      const receipt = await this.desk.decide(networkId, context, async (roster) => {
        // What the roster refuses, or knows already, reserves nothing.
        if (rosterDecider.decide(admit, roster).length > 0)
          held.reserved = await this.reservations.reserve(
            context,
            networkId,
            issuer,
            subject,
            owner,
          );
        return admit;
      });
      return this.desk.answer(receipt, employeeId);
    } catch (error) {
      // Refused after the reservation: somebody else took the employee id in between, under another identity.
      if (held.reserved && error instanceof DomainError && error.code === 'access/employee-exists')
        await this.reservations.release(context, networkId, issuer, subject, owner, {
          reserved: held.reserved,
        });
      throw error;
    }
  }
}
