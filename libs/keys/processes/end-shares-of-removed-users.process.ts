import { Injectable } from '@nestjs/common';
import type { Position, RecordedEvent } from '#event-store';
import { marketplacePartnerId, networkId } from '#kernel';
import { RequestContexts, StreamReader } from '#messaging';
import type { Process } from '#projections';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import { keyRingDecider } from '../domain/key-ring.decider.js';
import type { KeyRing, Share } from '../domain/key-ring.decider.js';
import type { KeyShared } from '../domain/key-ring.events.js';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import { MarketplaceFactsPort } from '../ports/marketplace-facts.port.js';
import { PartnerFactsPort } from '../ports/partner-facts.port.js';
import { partnerOf } from './suspend-blocked-holders.process.js';

const KEY_SHARED: KeyShared['type'] = 'KeyShared';

/** Whose links they are, and who its users were at the event. */
interface HolderOfLinks {
  readonly ring: RingId;
  readonly users: () => Promise<readonly string[]>;
}

/**
 * Links for a user who is no longer the holder's end, and links for all of its users end with the last one: by the facts as
 * they were at each event, also when the user, or another one, is linked before anybody looks. A removal ends what was
 * shared before it; a link whose recipient was removed while it was being made is ended by its own event. Links that need
 * a passphrase may be made when there is no user.
 */
@Injectable()
export class EndSharesOfRemovedUsers implements Process {
  readonly name = 'end-shares-of-removed-users';
  readonly handles = ['PartnerUserUnlinked', 'MarketplaceUserUnlinked', KEY_SHARED] as const;

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
    const shared = isKeyShared(event) ? event.data.shareId : undefined;
    const before = (await load(event.position)).shares;
    const users = await holder.users();
    for (const share of open)
      if (
        (shared === undefined ? before.has(share.shareId) : share.shareId === shared) &&
        isRecipientGone(share, users, shared === undefined)
      )
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
        users: () => this.marketplacePartners.usersAt(inNetwork, id, event.position, signal),
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
        users: () => this.partners.usersAt(partner.networkId, partner.id, event.position, signal),
      }
    );
  }
}

const isKeyShared = (event: RecordedEvent): event is RecordedEvent<KeyShared> =>
  event.type === KEY_SHARED;

function isRecipientGone(
  { recipient, bound }: Share,
  users: readonly string[],
  afterRemoval: boolean,
): boolean {
  if (recipient.type === 'partnerUser') return !users.includes(recipient.reference);
  if (users.length > 0) return false;
  return bound === 'users' || (recipient.type === 'holderUsers' && afterRemoval);
}
