import { Injectable } from '@nestjs/common';
import type { Position } from '#event-store';
import type { NetworkId, PartnerId } from '#kernel';
import { streamId } from '#kernel';
import { StreamReader } from '#messaging';
import { partnerDecider } from './domain/partner.decider.js';
import type { PartnerProfile } from './domain/partner.value.js';

/** A partner as of its last event. */
export interface PartnerFacts extends PartnerProfile {
  readonly networkId: NetworkId;
}

export const partnerStreamId = (networkId: NetworkId, partnerId: PartnerId) =>
  streamId('partner', networkId, partnerId);

/** Folds the partner's own stream, read from the leader: never behind an acknowledged change. */
@Injectable()
export class PartnerReader {
  constructor(private readonly streams: StreamReader) {}

  /** `undefined` when the network has no such partner. With `upTo`, as it was at that position of the log, inclusive. */
  async load(
    networkId: NetworkId,
    partnerId: PartnerId,
    signal?: AbortSignal,
    upTo?: Position,
  ): Promise<PartnerFacts | undefined> {
    const stream = partnerStreamId(networkId, partnerId);
    const { state } = await this.streams.load(stream, partnerDecider, signal, upTo);
    return state.lifecycle === 'absent' ? undefined : { ...state.profile, networkId };
  }
}
