import { describe, expect, it } from '@jest/globals';
import { DomainError, fold, marketplacePartnerId, partnerId } from '#kernel';
import type { MarketplacePartnerCommand } from './marketplace-partner.commands.js';
import { marketplacePartnerDecider as decider } from './marketplace-partner.decider.js';
import type { MarketplacePartnerEvent } from './marketplace-partner.events.js';
import { MARKETPLACE_CONNECTIONS_MAX, MARKETPLACE_USERS_MAX } from './marketplace-partner.value.js';

const id = marketplacePartnerId(9);
const of = { marketplacePartnerId: id };
const user = { issuer: 'https://login.example.test', subject: 'mia' };
const registered: MarketplacePartnerEvent = {
  type: 'MarketplacePartnerRegistered',
  data: { ...of, name: 'Bazaar' },
};
const connected = (partner: number): MarketplacePartnerEvent => ({
  type: 'MarketplaceConnectionAdded',
  data: { ...of, partnerId: partnerId(partner) },
});
const linked = (subject: string): MarketplacePartnerEvent => ({
  type: 'MarketplaceUserLinked',
  data: { ...of, ...user, subject },
});

const decide = (
  given: readonly MarketplacePartnerEvent[],
  command: MarketplacePartnerCommand,
): readonly MarketplacePartnerEvent[] | string => {
  try {
    return decider.decide(command, fold(decider, given));
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
};

describe('a marketplace partner', () => {
  it('is registered once, under one name', () => {
    const register = { kind: 'register', marketplacePartnerId: id, name: 'Bazaar' } as const;
    expect(decide([], register)).toEqual([registered]);
    expect(decide([registered], register)).toEqual([]);
    expect(decide([registered], { ...register, name: 'Other' })).toBe(
      'partners/marketplace-partner-already-registered',
    );
  });

  it('has no connections and no users before it is registered', () => {
    for (const command of [
      { kind: 'connect', partnerId: partnerId(7) },
      { kind: 'disconnect', partnerId: partnerId(7), reason: 'left' },
      { kind: 'linkUser', user },
      { kind: 'unlinkUser', user },
    ] as const)
      expect(decide([], command)).toBe('partners/marketplace-partner-not-found');
  });

  it('is connected to a partner once, until the connection is removed', () => {
    const connect = { kind: 'connect', partnerId: partnerId(7) } as const;
    const disconnect = { kind: 'disconnect', partnerId: partnerId(7), reason: 'left' } as const;
    expect(decide([registered], connect)).toEqual([connected(7)]);
    expect(decide([registered, connected(7)], connect)).toEqual([]);
    const removed: MarketplacePartnerEvent = {
      type: 'MarketplaceConnectionRemoved',
      data: { ...of, partnerId: partnerId(7), reason: 'left' },
    };
    expect(decide([registered, connected(7)], disconnect)).toEqual([removed]);
    expect(decide([registered, connected(7), removed], disconnect)).toBe(
      'partners/marketplace-connection-not-found',
    );
  });

  it('has a bounded number of connections and users', () => {
    const many = Array.from({ length: MARKETPLACE_CONNECTIONS_MAX }, (_, n) => connected(n + 1));
    expect(
      decide([registered, ...many], {
        kind: 'connect',
        partnerId: partnerId(MARKETPLACE_CONNECTIONS_MAX + 1),
      }),
    ).toBe('partners/marketplace-connections-max');
    const users = Array.from({ length: MARKETPLACE_USERS_MAX }, (_, n) => linked(String(n)));
    expect(decide([registered, ...users], { kind: 'linkUser', user })).toBe('partners/users-max');
  });

  it('links a user once, and unlinks only who is linked', () => {
    expect(decide([registered], { kind: 'linkUser', user })).toEqual([linked('mia')]);
    expect(decide([registered, linked('mia')], { kind: 'linkUser', user })).toEqual([]);
    expect(decide([registered], { kind: 'unlinkUser', user })).toBe('partners/user-not-linked');
    expect(decide([registered, linked('mia')], { kind: 'unlinkUser', user })).toEqual([
      { type: 'MarketplaceUserUnlinked', data: { ...of, ...user } },
    ]);
  });
});
