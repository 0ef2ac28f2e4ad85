import type { NetworkId } from '#kernel';

export abstract class EmployeeFactsPort {
  /** Whether the network has this employee now. From the leader. */
  abstract isEmployed(
    networkId: NetworkId,
    employeeId: number,
    signal?: AbortSignal,
  ): Promise<boolean>;
}
