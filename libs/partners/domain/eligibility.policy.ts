import type { KeyPolicy, PartnerTrait } from '#networks';
import type { FlagKind, PartnerProfile, PartnerStatus } from './partner.value.js';
import { NO_TRAITS } from './partner.value.js';

/** What forbids a key whatever the score. */
export type Blocker =
  | { readonly blocker: 'onboarding'; readonly status: PartnerStatus }
  | { readonly blocker: 'notActive'; readonly status: PartnerStatus }
  | {
      readonly blocker: 'noTechnicalCapacity';
      readonly technicalCapacity: 'unknown' | 'withdrawn';
    }
  | {
      readonly blocker: 'openFlags';
      readonly flags: readonly { readonly flagId: string; readonly kind: FlagKind }[];
    };

export interface AssessedTrait {
  readonly trait: PartnerTrait;
  readonly weight: number;
  readonly met: boolean;
}

/** Whether a partner may get a key, and why: recorded with every issuance, shown with every refusal. Plain JSON. */
export interface Verdict {
  readonly eligible: boolean;
  readonly blockers: readonly Blocker[];
  readonly score: number;
  readonly threshold: number;
  /** All traits, always in the same order. */
  readonly traits: readonly AssessedTrait[];
}

/** Pure: no hard blocker, and a score of the traits that are met at or above the network's threshold. */
export function assessEligibility(
  facts: Pick<PartnerProfile, 'status' | 'technicalCapacity' | 'openFlags' | 'traits'>,
  policy: Pick<KeyPolicy, 'eligibility'>,
): Verdict {
  const { threshold, weights } = policy.eligibility;
  const blockers = blockersOf(facts);
  const traits = (Object.keys(NO_TRAITS) as PartnerTrait[]).map((trait) => ({
    trait,
    weight: weights[trait],
    met: facts.traits[trait],
  }));
  const score = traits.reduce((sum, { weight, met }) => (met ? sum + weight : sum), 0);
  return {
    eligible: blockers.length === 0 && score >= threshold,
    blockers,
    score,
    threshold,
    traits,
  };
}

function blockersOf(
  facts: Pick<PartnerProfile, 'status' | 'technicalCapacity' | 'openFlags'>,
): Blocker[] {
  const { status, technicalCapacity, openFlags } = facts;
  const blockers: Blocker[] = [];
  if (status === 'unverified' || status === 'pending')
    blockers.push({ blocker: 'onboarding', status });
  else if (status !== 'active') blockers.push({ blocker: 'notActive', status });
  if (technicalCapacity.status !== 'confirmed')
    blockers.push({
      blocker: 'noTechnicalCapacity',
      technicalCapacity: technicalCapacity.status,
    });
  if (openFlags.length > 0)
    blockers.push({
      blocker: 'openFlags',
      flags: openFlags.map(({ flagId, kind }) => ({ flagId, kind })),
    });
  return blockers;
}
