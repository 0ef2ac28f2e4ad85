import type { EmployeeId, NetworkId, PartnerId } from '#kernel';
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
}
