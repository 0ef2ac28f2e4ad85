import { Injectable } from '@nestjs/common';
import type { Position, RecordedEvent } from '#event-store';
import { marketplacePartnerId, networkId } from '#kernel';
import { RequestContexts, StreamReader } from '#messaging';
import type { MarketplacePartnerEvent, PartnerEvent } from '#partners';
import type { Process } from '#projections';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import { keyRingDecider } from '../domain/key-ring.decider.js';
import type { KeyRing, Share } from '../domain/key-ring.decider.js';
import { userReference } from '../domain/key-ring.events.js';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import { MarketplaceFactsPort } from '../ports/marketplace-facts.port.js';
import { PartnerFactsPort } from '../ports/partner-facts.port.js';
import { partnerOf } from './suspend-blocked-holders.process.js';

type UserUnlinked = Extract<
  MarketplacePartnerEvent | PartnerEvent,
  { readonly type: 'MarketplaceUserUnlinked' | 'PartnerUserUnlinked' }
>;

/** Whose links they are, and who its users are now. */
interface HolderOfLinks {
  readonly ring: RingId;
  readonly users: () => Promise<readonly string[]>;
}

/**
 * Links for a user who is no longer the holder's end, also when the user is linked again before anybody looks; links for
 * all of its users end with the last one. Those that need a passphrase may be made when there is no user, so of these only
 * what was shared before the removal ends.
 */
@Injectable()
export class EndSharesOfRemovedUsers implements Process {
  readonly name = 'end-shares-of-removed-users';
  readonly handles = ['PartnerUserUnlinked', 'MarketplaceUserUnlinked', 'KeyShared'] as const;

  constructor(
    private readonly partners: PartnerFactsPort,
    private readonly marketplacePartners: MarketplaceFactsPort,
    private readonly rings: KeyRingDecisions,
    private readonly streams: StreamReader,
    private readonly contexts: RequestContexts,
  ) {}

  async handle(event: RecordedEvent, signal: AbortSignal): Promise<void> {
    const holder = this.holderOf(event, signal);
    if (!holder) return;
    const { ring } = holder;
    const load = async (upTo?: Position): Promise<KeyRing> => {
      const { state } = await this.streams.load(keyRingStream(ring), keyRingDecider, signal, upTo);
      return state;
    };
    const open = [...(await load()).shares.values()].filter(({ status }) => status === 'open');
    if (open.length === 0) return;
    const users = await holder.users();
    const unlinked = isUserUnlinked(event) ? event.data : undefined;
    const removed = unlinked && {
      reference: userReference(unlinked.issuer, unlinked.subject),
      sharedBefore: (await load(event.position)).shares,
    };
    for (const share of open)
      if (isRecipientGone(share, users, removed))
        await this.rings.decide(
          ring,
          this.contexts.ofProcess(this.name, event, `end ${share.shareId}`, signal),
          { type: 'endShare', shareId: share.shareId, reason: 'recipientRemoved' },
          { retryUntilDeadline: true },
        );
  }

  private holderOf(event: RecordedEvent, signal: AbortSignal): HolderOfLinks | undefined {
    if (event.type === 'MarketplaceUserUnlinked') {
      const [, network, holder] = event.streamId.split('-').map(Number);
      if (network === undefined || holder === undefined) return undefined;
      const [inNetwork, id] = [networkId(network), marketplacePartnerId(holder)];
      return {
        ring: {
          networkId: inNetwork,
          portal: 'marketplace',
          holder: { type: 'marketplacePartner', id },
        },
        users: async () =>
          (await this.marketplacePartners.load(inNetwork, id, signal))?.userReferences ?? [],
      };
    }
    const partner = partnerOf(event);
    return (
      partner && {
        ring: {
          networkId: partner.networkId,
          portal: 'affiliate',
          holder: { type: 'partner', id: partner.id },
        },
        users: async () =>
          (await this.partners.load(partner.networkId, partner.id, signal))?.userReferences ?? [],
      }
    );
  }
}

const isUserUnlinked = (event: RecordedEvent): event is RecordedEvent<UserUnlinked> =>
  event.type === 'PartnerUserUnlinked' || event.type === 'MarketplaceUserUnlinked';

function isRecipientGone(
  { shareId, recipient, bound }: Share,
  users: readonly string[],
  removed: { readonly reference: string; readonly sharedBefore: KeyRing['shares'] } | undefined,
): boolean {
  const sharedBefore = removed?.sharedBefore.has(shareId) === true;
  if (recipient.type === 'partnerUser')
    return (
      !users.includes(recipient.reference) ||
      (sharedBefore && recipient.reference === removed.reference)
    );
  if (users.length > 0) return false;
  return bound === 'users' || (recipient.type === 'holderUsers' && sharedBefore);
}
