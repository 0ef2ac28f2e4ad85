import { Injectable } from '@nestjs/common';
import { DomainError, streamId, type EmployeeId, type NetworkId } from '#kernel';
import type { Position } from '#event-store';
import { DecideService, StreamReader, type Receipt, type RequestContext } from '#messaging';
import { Authorizer, OPERATOR } from '../authorizer.port.js';
import type { RosterAuthority, RosterCommand } from '../domain/employee.commands.js';
import type { EmployeeEvent } from '../domain/employee.events.js';
import type { Principal } from '../domain/principal.value.js';
import { rosterDecider, type Roster, type RosterEmployee } from '../domain/roster.decider.js';
import { AuthorityFence } from '../ports/authority-fence.port.js';

/** An employee as commands and queries answer it, and the position that holds it. */
export interface EmployeeAnswer {
  readonly employee: RosterEmployee;
  readonly position: Position;
}

/** What the three commands on a network's employees have in common. */
@Injectable()
export class EmployeeDesk {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly decisions: DecideService,
    private readonly streams: StreamReader,
    private readonly fence: AuthorityFence,
  ) {}

  /** @throws {DomainError} `access/unknown-network` (also for a network that is not the caller's), `access/forbidden` */
  async authorize(principal: Principal, networkId: NetworkId): Promise<RosterAuthority> {
    if (principal.networkId !== null && principal.networkId !== networkId)
      throw new DomainError('access/unknown-network');
    if (principal.actor.type === 'operator') {
      await this.authorizer.authorize(principal, OPERATOR, { networkId });
      await this.assertNetwork(networkId);
      return { kind: 'operator' };
    }
    await this.authorizer.authorize(principal, 'network.employees.manage', { networkId });
    return principal.employee
      ? { kind: 'employee', employeeId: principal.employee.employeeId }
      : { kind: 'system' };
  }

  /** Decides on the roster, and lets the new authority hold everywhere before it returns. */
  async decide(
    networkId: NetworkId,
    context: RequestContext,
    command: RosterCommand | ((roster: Roster) => Promise<RosterCommand>),
  ): Promise<Receipt<Roster, EmployeeEvent>> {
    const receipt = await this.decisions.execute({
      streamId: rosterStreamId(networkId),
      decider: rosterDecider,
      command,
      context,
    });
    await this.fence.raise(networkId, receipt.position);
    return receipt;
  }

  answer({ state, position }: Receipt<Roster>, employeeId: EmployeeId): EmployeeAnswer {
    const employee = state.get(employeeId);
    if (!employee) throw new DomainError('access/unknown-employee');
    return { employee, position };
  }

  /** The network's own stream is known by its name: a door to #networks would close a circle. */
  private async assertNetwork(networkId: NetworkId): Promise<void> {
    const { revision } = await this.streams.load(
      streamId('network', networkId, 'settings'),
      ANY_EVENT,
    );
    if (revision < 0n) throw new DomainError('access/unknown-network');
  }
}

const ANY_EVENT = { initialState: () => null, evolve: () => null };

/** All employees of a network are one stream: "at least one super user" is one invariant. */
export const rosterStreamId = (networkId: NetworkId) => streamId('employee', networkId, 'roster');
