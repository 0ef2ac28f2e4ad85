import { Injectable } from '@nestjs/common';
import type { Position } from '#event-store';
import type { MarketplacePartnerId, NetworkId } from '#kernel';
import { streamId } from '#kernel';
import { StreamReader } from '#messaging';
import { marketplacePartnerDecider } from './domain/marketplace-partner.decider.js';
import type { MarketplacePartnerProfile } from './domain/marketplace-partner.value.js';

export const marketplacePartnerStreamId = (networkId: NetworkId, id: MarketplacePartnerId) =>
  streamId('marketplacePartner', networkId, id);

/** Folds the marketplace partner's own stream, read from the leader: never behind an acknowledged change. */
@Injectable()
export class MarketplacePartnerReader {
  constructor(private readonly streams: StreamReader) {}

  /** `undefined` when the network has no such marketplace partner. With `upTo`, as it was at that position, inclusive. */
  async load(
    networkId: NetworkId,
    id: MarketplacePartnerId,
    signal?: AbortSignal,
    upTo?: Position,
  ): Promise<MarketplacePartnerProfile | undefined> {
    const stream = marketplacePartnerStreamId(networkId, id);
    const { state } = await this.streams.load(stream, marketplacePartnerDecider, signal, upTo);
    return state.lifecycle === 'absent' ? undefined : state.profile;
  }
}
