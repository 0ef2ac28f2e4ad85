import type { Decider } from '#kernel';
import { DomainError } from '#kernel';
import type { MarketplacePartnerCommand } from './marketplace-partner.commands.js';
import type { MarketplacePartnerEvent } from './marketplace-partner.events.js';
import type { MarketplacePartnerProfile } from './marketplace-partner.value.js';
import { MARKETPLACE_CONNECTIONS_MAX, MARKETPLACE_USERS_MAX } from './marketplace-partner.value.js';
import type { PartnerUserIdentity } from './partner.value.js';

export type MarketplacePartnerState =
  | { readonly lifecycle: 'absent' }
  | { readonly lifecycle: 'registered'; readonly profile: MarketplacePartnerProfile };

export const marketplacePartnerDecider: Decider<
  MarketplacePartnerState,
  MarketplacePartnerCommand,
  MarketplacePartnerEvent
> = {
  initialState: () => ({ lifecycle: 'absent' }),

  decide(command, state) {
    if (command.kind === 'register') {
      const { marketplacePartnerId, name } = command;
      if (state.lifecycle === 'absent')
        return [{ type: 'MarketplacePartnerRegistered', data: { marketplacePartnerId, name } }];
      if (state.profile.name === name) return [];
      throw new DomainError('partners/marketplace-partner-already-registered');
    }
    if (state.lifecycle === 'absent')
      throw new DomainError('partners/marketplace-partner-not-found');
    return decideRegistered(command, state.profile);
  },

  evolve(state, event) {
    if (event.type === 'MarketplacePartnerRegistered') {
      const { marketplacePartnerId, name } = event.data;
      const profile = { marketplacePartnerId, name, connections: [], users: [] };
      return { lifecycle: 'registered', profile };
    }
    if (state.lifecycle === 'absent') return state;
    const { profile } = state;
    const of = (change: Partial<MarketplacePartnerProfile>): MarketplacePartnerState => ({
      lifecycle: 'registered',
      profile: { ...profile, ...change },
    });
    switch (event.type) {
      case 'MarketplaceConnectionAdded':
        return of({
          connections: [...profile.connections, event.data.partnerId].sort((a, b) => a - b),
        });
      case 'MarketplaceConnectionRemoved':
        return of({ connections: profile.connections.filter((id) => id !== event.data.partnerId) });
      case 'MarketplaceUserLinked': {
        const { issuer, subject } = event.data;
        return of({ users: [...profile.users, { issuer, subject }] });
      }
      case 'MarketplaceUserUnlinked':
        return of({ users: profile.users.filter((user) => !sameUser(user, event.data)) });
    }
  },
};

function decideRegistered(
  command: Exclude<MarketplacePartnerCommand, { kind: 'register' }>,
  { marketplacePartnerId, connections, users }: MarketplacePartnerProfile,
): readonly MarketplacePartnerEvent[] {
  switch (command.kind) {
    case 'connect': {
      const { partnerId } = command;
      if (connections.includes(partnerId)) return [];
      if (connections.length >= MARKETPLACE_CONNECTIONS_MAX)
        throw new DomainError('partners/marketplace-connections-max', {
          max: MARKETPLACE_CONNECTIONS_MAX,
        });
      return [{ type: 'MarketplaceConnectionAdded', data: { marketplacePartnerId, partnerId } }];
    }
    case 'disconnect': {
      const { partnerId, reason } = command;
      if (!connections.includes(partnerId))
        throw new DomainError('partners/marketplace-connection-not-found');
      return [
        { type: 'MarketplaceConnectionRemoved', data: { marketplacePartnerId, partnerId, reason } },
      ];
    }
    case 'linkUser': {
      const { issuer, subject } = command.user;
      if (users.some((user) => sameUser(user, command.user))) return [];
      if (users.length >= MARKETPLACE_USERS_MAX)
        throw new DomainError('partners/users-max', { max: MARKETPLACE_USERS_MAX });
      return [{ type: 'MarketplaceUserLinked', data: { marketplacePartnerId, issuer, subject } }];
    }
    case 'unlinkUser': {
      const { issuer, subject } = command.user;
      if (!users.some((user) => sameUser(user, command.user)))
        throw new DomainError('partners/user-not-linked');
      return [{ type: 'MarketplaceUserUnlinked', data: { marketplacePartnerId, issuer, subject } }];
    }
  }
}

const sameUser = (a: PartnerUserIdentity, b: PartnerUserIdentity) =>
  a.issuer === b.issuer && a.subject === b.subject;
