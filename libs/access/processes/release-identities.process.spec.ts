import { describe, expect, it } from '@jest/globals';
import { EventCatalogue } from '#event-store';
import { networkId, type Clock } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { RequestContexts, type RequestHasher } from '#messaging';
import { memoryMessaging, requestContext } from '#messaging/testing';
import { recordedEvents } from '#projections/testing';
import { accessEvents } from '../access.events.js';
import type { IdentityOwner } from '../domain/identity.events.js';
import { identityStreamId, IdentityReservations } from '../identity-reservations.js';
import { ReleaseIdentities } from './release-identities.process.js';

const pat = { issuer: 'https://id.example', subject: 'pat' };
const one = networkId(1);

describe('releasing identities', () => {
  const setup = () => {
    const { decisions, store } = memoryMessaging({ catalogue: new EventCatalogue(accessEvents) });
    const reservations = new IdentityReservations(decisions);
    const clock: Clock = new FixedClock(new Date());
    // A process asks for no hash of a request.
    const contexts = new RequestContexts(clock, undefined as unknown as RequestHasher);
    const types = async () => {
      const found: string[] = [];
      for await (const { type } of store.readStream(identityStreamId(one, pat.issuer, pat.subject)))
        found.push(type);
      return found;
    };
    const reserve = (owner: IdentityOwner) =>
      reservations.reserve(requestContext(), one, pat.issuer, pat.subject, owner);
    return { process: new ReleaseIdentities(reservations, contexts), types, reserve };
  };
  const [removed, unlinked] = recordedEvents([
    { type: 'EmployeeRemoved', streamId: 'employee-1-roster', data: { employeeId: 7, ...pat } },
    { type: 'PartnerUserUnlinked', streamId: 'partner-1-1001', data: pat },
  ]);
  const { signal } = new AbortController();

  it('frees what the removed employee held, once, however often the event is seen', async () => {
    const { process, types, reserve } = setup();
    await reserve({ kind: 'employee', employeeId: 7 });
    if (removed) for (let n = 0; n < 3; n += 1) await process.handle(removed, signal);
    expect(await types()).toEqual(['IdentityReserved', 'IdentityReleased']);
  });

  it('leaves an identity that somebody else holds by now', async () => {
    const { process, types, reserve } = setup();
    await reserve({ kind: 'partnerUser', partnerId: 1001 });
    if (removed) await process.handle(removed, signal);
    expect(await types()).toEqual(['IdentityReserved']);
    if (unlinked) await process.handle(unlinked, signal);
    expect(await types()).toEqual(['IdentityReserved', 'IdentityReleased']);
  });
});
