import { Injectable } from '@nestjs/common';
import type { Position } from '#event-store';
import type { MarketplacePartnerId, NetworkId } from '#kernel';
import { MarketplacePartnerReader, type MarketplacePartnerProfile } from '#partners';
import { userReference } from '../domain/key-ring.events.js';
import type { KeyMarketplaceFacts } from '../ports/marketplace-facts.port.js';
import { MarketplaceFactsPort } from '../ports/marketplace-facts.port.js';

/** Asks the partners context. */
@Injectable()
export class LedgerMarketplaceFacts extends MarketplaceFactsPort {
  constructor(private readonly marketplacePartners: MarketplacePartnerReader) {
    super();
  }

  override async load(
    networkId: NetworkId,
    id: MarketplacePartnerId,
    signal?: AbortSignal,
  ): Promise<KeyMarketplaceFacts | undefined> {
    const facts = await this.marketplacePartners.load(networkId, id, signal);
    return (
      facts && {
        marketplacePartnerId: id,
        connections: facts.connections,
        userReferences: referencesOf(facts),
      }
    );
  }

  override async usersAt(
    networkId: NetworkId,
    id: MarketplacePartnerId,
    at: Position,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const facts = await this.marketplacePartners.load(networkId, id, signal, at);
    return facts ? referencesOf(facts) : [];
  }
}

const referencesOf = ({ users }: MarketplacePartnerProfile): readonly string[] =>
  users.map(({ issuer, subject }) => userReference(issuer, subject));
