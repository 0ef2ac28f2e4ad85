import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_KEY_POLICY, PARTNER_TRAITS } from '#networks';
import { assessEligibility } from './eligibility.policy.js';
import type { PartnerProfile, PartnerTraits } from './partner.value.js';
import { PARTNER_STATUSES } from './partner.value.js';

type Facts = Pick<PartnerProfile, 'status' | 'technicalCapacity' | 'openFlags' | 'traits'>;
const traits = (...met: string[]) =>
  Object.fromEntries(
    PARTNER_TRAITS.map((trait) => [trait, met.includes(trait)]),
  ) as unknown as PartnerTraits;
const GOOD: Facts = {
  status: 'active',
  technicalCapacity: { status: 'confirmed', evidence: 'their script pulled a report' },
  openFlags: [],
  traits: traits('recurringReportRequests', 'ownTooling', 'steadyTraffic', 'goodStanding'),
};
const assess = (change: Partial<Facts>) =>
  assessEligibility({ ...GOOD, ...change }, DEFAULT_KEY_POLICY);

describe('eligibility', () => {
  it('is given with most of the traits and no blocker, and explains each trait', () => {
    const verdict = assess({});
    expect(verdict).toMatchObject({ eligible: true, blockers: [], score: 4, threshold: 4 });
    expect(verdict.traits).toHaveLength(PARTNER_TRAITS.length);
    expect(verdict.traits).toContainEqual({ trait: 'subIdGranularity', weight: 1, met: false });
  });

  it('is refused with half of the traits', () => {
    const verdict = assess({ traits: traits('ownTooling', 'steadyTraffic', 'goodStanding') });
    expect(verdict).toMatchObject({ eligible: false, blockers: [], score: 3 });
  });

  it.each(['unverified', 'pending'] as const)('is blocked while onboarding: %s', (status) => {
    expect(assess({ status, traits: traits(...PARTNER_TRAITS) })).toMatchObject({
      eligible: false,
      blockers: [{ blocker: 'onboarding', status }],
    });
  });

  it.each(['inactive', 'suspended', 'rejected', 'offboarded'] as const)(
    'is blocked when the partner is %s',
    (status) => {
      expect(assess({ status })).toMatchObject({
        eligible: false,
        blockers: [{ blocker: 'notActive', status }],
      });
    },
  );

  it('is blocked without technical capacity', () => {
    for (const technicalCapacity of [
      { status: 'unknown' },
      { status: 'withdrawn', reason: 'engineer left' },
    ] as const)
      expect(assess({ technicalCapacity })).toMatchObject({
        eligible: false,
        blockers: [{ blocker: 'noTechnicalCapacity', technicalCapacity: technicalCapacity.status }],
      });
  });

  it('is blocked by any open flag, and does not repeat its free text', () => {
    const verdict = assess({ openFlags: [{ flagId: 'f1', kind: 'quality', reason: 'private' }] });
    expect(verdict).toMatchObject({
      eligible: false,
      blockers: [{ blocker: 'openFlags', flags: [{ flagId: 'f1', kind: 'quality' }] }],
    });
    expect(JSON.stringify(verdict)).not.toContain('private');
  });

  it('names all blockers at once', () => {
    const verdict = assess({
      status: 'pending',
      technicalCapacity: { status: 'unknown' },
      openFlags: [{ flagId: 'f1', kind: 'fraud', reason: 'x' }],
    });
    expect(verdict.blockers.map(({ blocker }) => blocker)).toEqual([
      'onboarding',
      'noTechnicalCapacity',
      'openFlags',
    ]);
  });

  it('follows the weights of the network', () => {
    const weights = { ...DEFAULT_KEY_POLICY.eligibility.weights, ownTooling: 10 };
    const eligibility = { threshold: 10, weights };
    expect(
      assessEligibility({ ...GOOD, traits: traits('ownTooling') }, { eligibility }).eligible,
    ).toBe(true);
  });

  it('lists the traits in one order, whatever the order of the weights', () => {
    const weights = Object.fromEntries(
      Object.entries(DEFAULT_KEY_POLICY.eligibility.weights).reverse(),
    ) as typeof DEFAULT_KEY_POLICY.eligibility.weights;
    const verdict = assessEligibility(GOOD, { eligibility: { threshold: 4, weights } });
    expect(verdict.traits.map(({ trait }) => trait)).toEqual([...PARTNER_TRAITS]);
  });

  it('never lets a score outweigh a blocker, and never loses by one more trait', () => {
    const facts = fc.record({
      status: fc.constantFrom(...PARTNER_STATUSES),
      confirmed: fc.boolean(),
      flagged: fc.boolean(),
      met: fc.subarray([...PARTNER_TRAITS]),
      more: fc.constantFrom(...PARTNER_TRAITS),
    });
    fc.assert(
      fc.property(facts, ({ status, confirmed, flagged, met, more }) => {
        const partner: Facts = {
          status,
          technicalCapacity: confirmed
            ? { status: 'confirmed', evidence: 'e' }
            : { status: 'unknown' },
          openFlags: flagged ? [{ flagId: 'f', kind: 'fraud', reason: 'r' }] : [],
          traits: traits(...met),
        };
        const verdict = assessEligibility(partner, DEFAULT_KEY_POLICY);
        expect(verdict.eligible).toBe(
          status === 'active' && confirmed && !flagged && met.length >= 4,
        );
        const better = assessEligibility(
          { ...partner, traits: traits(...met, more) },
          DEFAULT_KEY_POLICY,
        );
        expect(better.score).toBeGreaterThanOrEqual(verdict.score);
        if (verdict.eligible) expect(better.eligible).toBe(true);
      }),
    );
  });
});
