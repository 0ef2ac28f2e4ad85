import { describe, it } from '@jest/globals';
import { specificationOf } from '#kernel/testing';
import { identityReservationDecider } from './identity-reservation.decider.js';

const given = specificationOf(identityReservationDecider);
const identity = { issuer: 'https://id.example', subject: 'pat' };
const partner = { ...identity, owner: { kind: 'partnerUser', partnerId: 7 } } as const;
const employee = { ...identity, owner: { kind: 'employee', employeeId: 7 } } as const;

describe('the reservation of an identity', () => {
  it('is held by one owner at a time, whatever the kind', () => {
    given()
      .when({ kind: 'reserve', ...partner })
      .then({ type: 'IdentityReserved', data: partner });
    given({ type: 'IdentityReserved', data: partner })
      .when({ kind: 'reserve', ...employee })
      .thenRefused('access/identity-taken');
  });

  it('is released by its owner only, and free again afterwards', () => {
    given({ type: 'IdentityReserved', data: partner })
      .when({ kind: 'release', ...employee, seen: 0n })
      .thenNothingHappened();
    given({ type: 'IdentityReserved', data: partner })
      .when({ kind: 'release', ...partner, seen: 0n })
      .then({ type: 'IdentityReleased', data: partner });
    given({ type: 'IdentityReserved', data: partner }, { type: 'IdentityReleased', data: partner })
      .when({ kind: 'reserve', ...employee })
      .then({ type: 'IdentityReserved', data: employee });
  });

  it('is made anew for another link of its owner, and not ended by who saw only the one before', () => {
    const twice = [partner, partner].map((data) => ({ type: 'IdentityReserved' as const, data }));
    given({ type: 'IdentityReserved', data: partner })
      .when({ kind: 'reserve', ...partner })
      .then({ type: 'IdentityReserved', data: partner });
    given(...twice)
      .when({ kind: 'release', ...partner, seen: 0n })
      .thenNothingHappened();
    given(...twice)
      .when({ kind: 'release', ...partner, seen: 1n })
      .then({ type: 'IdentityReleased', data: partner });
  });
});
