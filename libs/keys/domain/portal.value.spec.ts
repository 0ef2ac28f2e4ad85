import { describe, expect, it } from '@jest/globals';
import { networkId } from '#kernel';
import { keyRingStream, PORTAL_RULES, PORTALS, ringOfStream } from './portal.value.js';

describe('portals', () => {
  it('have a code, a holder and a path prefix of their own each', () => {
    const rules = PORTALS.map((portal) => PORTAL_RULES[portal]);
    for (const field of ['code', 'holder', 'pathPrefix'] as const)
      expect(new Set(rules.map((rule) => rule[field])).size).toBe(PORTALS.length);
  });

  it('keep network keys as a hash only, and no others', () => {
    expect(PORTALS.filter((portal) => PORTAL_RULES[portal].storage === 'hashed')).toEqual([
      'network',
    ]);
  });
});

describe('a ring’s stream', () => {
  it('names the ring, and the ring its stream', () => {
    for (const portal of PORTALS) {
      const holder = { type: PORTAL_RULES[portal].holder, id: 7 };
      const ring = { networkId: networkId(3), portal, holder };
      expect(ringOfStream(keyRingStream(ring))).toEqual(ring);
    }
    expect(
      keyRingStream({
        networkId: networkId(3),
        portal: 'affiliate',
        holder: { type: 'partner', id: 7 },
      }),
    ).toBe('keyRing-3-affiliate-partner-7');
  });

  it.each([
    'partner-3-7',
    'keyRing-3-affiliate-partner',
    'keyRing-3-affiliate-network-3',
    'keyRing-0-affiliate-partner-7',
    'keyRing-3-other-partner-7',
    'keyRing-3-affiliate-partner-07',
    'keyRing-3-affiliate-partner-7-8',
    'keyRing-3-toString-partner-7',
  ])('is none: %s', (stream) => {
    expect(ringOfStream(stream)).toBeUndefined();
  });
});
