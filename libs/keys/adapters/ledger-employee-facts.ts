import { Injectable } from '@nestjs/common';
import type { EmployeeEvent } from '#access';
import { streamId } from '#kernel';
import type { NetworkId } from '#kernel';
import { StreamReader } from '#messaging';
import { EmployeeFactsPort } from '../ports/employee-facts.port.js';

/** Folds the network's roster for who is in it. */
@Injectable()
export class LedgerEmployeeFacts extends EmployeeFactsPort {
  constructor(private readonly streams: StreamReader) {
    super();
  }

  override async isEmployed(
    networkId: NetworkId,
    employeeId: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const roster = streamId('employee', networkId, 'roster');
    const { state } = await this.streams.load(roster, EMPLOYED, signal);
    return state.has(employeeId);
  }
}

const EMPLOYED = {
  initialState: (): ReadonlySet<number> => new Set(),
  evolve(employed: ReadonlySet<number>, { type, data }: EmployeeEvent): ReadonlySet<number> {
    const next = new Set(employed);
    if (type === 'EmployeeAdmitted') next.add(data.employeeId);
    else if (type === 'EmployeeRemoved') next.delete(data.employeeId);
    return next;
  },
};
