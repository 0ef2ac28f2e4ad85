import { DomainError, isKeyPrefix } from '#kernel';

/** The positive traits of a partner that is a good candidate for a key; a network weighs them in its key policy. */
export const PARTNER_TRAITS = [
  'recurringReportRequests',
  'ownTooling',
  'steadyTraffic',
  'subIdGranularity',
  'bulkPostbacks',
  'goodStanding',
] as const;
export type PartnerTrait = (typeof PARTNER_TRAITS)[number];

export interface EligibilityPolicy {
  /** The least score of an eligible partner. */
  readonly threshold: number;
  /** Integers; 0 leaves a trait out. */
  readonly weights: Readonly<Record<PartnerTrait, number>>;
}

export interface ShareTtl {
  readonly default: number;
  readonly max: number;
}

/** A network's rules for keys and shares. */
export interface KeyPolicy {
  /** First part of every key of the network, for leak scanners: `<prefix>_…`. */
  readonly keyPrefix: string;
  /** Active keys of one holder at one portal. */
  readonly activeKeysMax: number;
  readonly eligibility: EligibilityPolicy;
  /** Whether a Marketplace key lists the affiliate keys of its connections with their secrets. */
  readonly marketplaceSecretsListed: boolean;
  readonly shareTtlSeconds: ShareTtl;
  /** Whether a flag that is opened suspends the partner's keys. */
  readonly suspendOnFlag: boolean;
}

export const ACTIVE_KEYS_MAX_LIMIT = 20;
export const TRAIT_WEIGHT_MAX = 100;
export const SHARE_TTL_SECONDS_MIN = 60;
export const SHARE_TTL_SECONDS_LIMIT = 7 * 86_400;

/** Most of the traits (four of six of equal weight), two active keys, links of a day. */
export const DEFAULT_KEY_POLICY: KeyPolicy = {
  keyPrefix: 'kl',
  activeKeysMax: 2,
  eligibility: {
    threshold: 4,
    weights: {
      recurringReportRequests: 1,
      ownTooling: 1,
      steadyTraffic: 1,
      subIdGranularity: 1,
      bulkPostbacks: 1,
      goodStanding: 1,
    },
  },
  marketplaceSecretsListed: false,
  shareTtlSeconds: { default: 86_400, max: SHARE_TTL_SECONDS_LIMIT },
  suspendOnFlag: true,
};

/** @throws {DomainError} `networks/invalid-policy` with a JSON pointer to the first field that is wrong. */
export function checkedKeyPolicy(policy: KeyPolicy): KeyPolicy {
  const { eligibility, shareTtlSeconds } = policy;
  demand(
    isKeyPrefix(policy.keyPrefix),
    '/keyPrefix',
    'two to twelve of a-z and 0-9, a letter first',
  );
  demand(
    within(policy.activeKeysMax, 1, ACTIVE_KEYS_MAX_LIMIT),
    '/activeKeysMax',
    range(1, ACTIVE_KEYS_MAX_LIMIT),
  );
  let total = 0;
  for (const trait of PARTNER_TRAITS) {
    const weight = eligibility.weights[trait];
    demand(
      within(weight, 0, TRAIT_WEIGHT_MAX),
      `/eligibility/weights/${trait}`,
      range(0, TRAIT_WEIGHT_MAX),
    );
    total += weight;
  }
  demand(within(eligibility.threshold, 0, total), '/eligibility/threshold', range(0, total));
  demand(
    within(shareTtlSeconds.max, SHARE_TTL_SECONDS_MIN, SHARE_TTL_SECONDS_LIMIT),
    '/shareTtlSeconds/max',
    range(SHARE_TTL_SECONDS_MIN, SHARE_TTL_SECONDS_LIMIT),
  );
  demand(
    within(shareTtlSeconds.default, SHARE_TTL_SECONDS_MIN, shareTtlSeconds.max),
    '/shareTtlSeconds/default',
    range(SHARE_TTL_SECONDS_MIN, shareTtlSeconds.max),
  );
  // Rebuilt field by field: an event holds nothing that a caller slipped in beside them.
  return {
    keyPrefix: policy.keyPrefix,
    activeKeysMax: policy.activeKeysMax,
    eligibility: {
      threshold: eligibility.threshold,
      weights: Object.fromEntries(
        PARTNER_TRAITS.map((trait) => [trait, eligibility.weights[trait]]),
      ) as Record<PartnerTrait, number>,
    },
    marketplaceSecretsListed: policy.marketplaceSecretsListed,
    shareTtlSeconds: { default: shareTtlSeconds.default, max: shareTtlSeconds.max },
    suspendOnFlag: policy.suspendOnFlag,
  };
}

const within = (value: number, min: number, max: number) =>
  Number.isSafeInteger(value) && value >= min && value <= max;
const range = (min: number, max: number) => `an integer from ${String(min)} to ${String(max)}`;

function demand(holds: boolean, pointer: string, expected: string): void {
  if (holds) return;
  throw new DomainError('networks/invalid-policy', {
    errors: [{ pointer, problem: `must be ${expected}` }],
  });
}
