import type { NetworkId } from '#kernel';
import type { Position } from '#event-store';

/**
 * Makes a change of authority hold for the next request, on every node: a handler that took away or gave rights raises
 * its network's fence to the receipt's position before it answers, and the guard reads identities at or past it.
 */
export abstract class AuthorityFence {
  /** Idempotent, never lowers. Await it before the command is acknowledged. */
  abstract raise(networkId: NetworkId, position: Position): Promise<void>;
}
