import type { Position } from '#event-store';
import type { EmployeeId, NetworkId, PartnerId } from '#kernel';
import type { SuspensionCause } from '../domain/key-ring.events.js';
import type { EligibilityVerdict } from '../domain/verdict.value.js';

/** What this context asks of a partner before it decides. */
export interface KeyPartnerFacts {
  readonly partnerId: PartnerId;
  readonly managerId: EmployeeId | null;
  readonly status: string;
  readonly verdict: EligibilityVerdict;
  /** `userReference(issuer, subject)` of each linked user. */
  readonly userReferences: readonly string[];
}

export abstract class PartnerFactsPort {
  /** From the leader. `undefined`: this network has no such partner. */
  abstract load(
    networkId: NetworkId,
    partnerId: PartnerId,
    signal?: AbortSignal,
  ): Promise<KeyPartnerFacts | undefined>;

  /** The linked users as of that position of the log, inclusive, as `userReferences` names them. From the leader. */
  abstract usersAt(
    networkId: NetworkId,
    partnerId: PartnerId,
    at: Position,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;

  /**
   * Why the partner's keys must not work now: a status that forbids it, or else the oldest open flag; with the event that
   * brought it about. From the leader. `undefined`: nothing of the kind.
   */
  abstract suspensionCause(
    networkId: NetworkId,
    partnerId: PartnerId,
    signal?: AbortSignal,
  ): Promise<SuspensionCause | undefined>;
}

/** Keys of partners of these statuses are suspended. */
export const SUSPENDING_STATUSES: readonly string[] = [
  'suspended',
  'inactive',
  'offboarded',
  'rejected',
];
