import { describe, expect, it } from '@jest/globals';
import { EventCatalogue, type EventDefinition } from '#event-store';
import { networkId, schema, type Clock, type DomainEvent } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { RequestContexts, type RequestHasher } from '#messaging';
import { memoryMessaging, requestContext } from '#messaging/testing';
import { recordedEvents } from '#projections/testing';
import { accessEvents } from '../access.events.js';
import type { IdentityOwner } from '../domain/identity.events.js';
import { identityStreamId, IdentityReservations } from '../identity-reservations.js';
import { ReleaseIdentities } from './release-identities.process.js';

/** Events of #partners, as far as this context knows them. */
const user: EventDefinition = {
  version: 1,
  retention: 'governance',
  data: schema.object({ issuer: schema.text(), subject: schema.text() }),
};
const USERS = [
  ...['PartnerUserLinked', 'PartnerUserUnlinked'],
  ...['MarketplaceUserLinked', 'MarketplaceUserUnlinked'],
];
const catalogue = new EventCatalogue(
  accessEvents,
  Object.fromEntries(USERS.map((type) => [type, user])),
);
const pat = { issuer: 'https://id.example', subject: 'pat' };
const one = networkId(1);

describe('releasing identities', () => {
  const setup = () => {
    const { decisions, streams, store } = memoryMessaging({ catalogue });
    const reservations = new IdentityReservations(decisions, streams);
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
    const follow = (stream: string, ...then: string[]) =>
      decisions.execute({
        streamId: stream,
        decider: {
          initialState: () => null,
          decide: (): readonly DomainEvent[] => then.map((type) => ({ type, data: pat })),
          evolve: () => null,
        },
        command: null,
        context: requestContext(),
      });
    return { process: new ReleaseIdentities(reservations, contexts), types, reserve, follow };
  };
  // Behind what each case reserves before.
  const [removed, unlinked] = recordedEvents([
    {
      type: 'EmployeeRemoved',
      streamId: 'employee-1-roster',
      data: { employeeId: 7, ...pat },
      position: 10n,
    },
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

  it.each<[string, string, IdentityOwner]>([
    ['Partner', 'partner-1-1001', { kind: 'partnerUser', partnerId: 1001 }],
    ['Marketplace', 'marketplacePartner-1-5', { kind: 'marketplaceUser', marketplacePartnerId: 5 }],
  ])(
    'leaves the identity of a user of a %s that was linked again before the event was seen',
    async (whose, stream, owner) => {
      const { process, types, reserve, follow } = setup();
      const [linked, unlinked] = [`${whose}UserLinked`, `${whose}UserUnlinked`];
      await reserve(owner);
      await follow(stream, linked);
      const gone = await follow(stream, unlinked);
      await reserve(owner);
      await follow(stream, linked);
      for (const event of gone.events) await process.handle(event, signal);
      expect(await types()).toEqual(['IdentityReserved', 'IdentityReserved']);
      const later = await follow(stream, unlinked);
      for (const event of later.events) await process.handle(event, signal);
      expect(await types()).toEqual(['IdentityReserved', 'IdentityReserved', 'IdentityReleased']);
    },
  );
});
