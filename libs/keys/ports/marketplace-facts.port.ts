import type { Position } from '#event-store';
import type { MarketplacePartnerId, NetworkId, PartnerId } from '#kernel';

/** What this context asks of a marketplace partner. */
export interface KeyMarketplaceFacts {
  readonly marketplacePartnerId: MarketplacePartnerId;
  /** The partners that it acts for now, ascending. */
  readonly connections: readonly PartnerId[];
  /** Its linked users of now, each as `<issuer>#<subject>`. */
  readonly userReferences: readonly string[];
}

export abstract class MarketplaceFactsPort {
  /** From the leader: a removed connection counts at once. `undefined`: this network has no such marketplace partner. */
  abstract load(
    networkId: NetworkId,
    id: MarketplacePartnerId,
    signal?: AbortSignal,
  ): Promise<KeyMarketplaceFacts | undefined>;

  /** The linked users as of that position of the log, inclusive, as `userReferences` names them. From the leader. */
  abstract usersAt(
    networkId: NetworkId,
    id: MarketplacePartnerId,
    at: Position,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
}
