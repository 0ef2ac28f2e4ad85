import type { NetworkId } from '#kernel';
import type { Actor } from '#event-store';

/** One request as `#messaging` carries it from the edge to the metadata of its events. Made by the edge, never by a handler. */
export interface RequestContext {
  /** uuid v5 of (network, issuer, subject, operation, `Idempotency-Key`), or random without one. */
  readonly commandId: string;
  /** Keyed hash of operation and body: the same `commandId` with another one is refused (422). */
  readonly requestHash: string;
  /** The same request under the older peppers that are held: what was stored before a rotation is compared with these. */
  readonly olderRequestHashes?: readonly string[];
  /** Whether the client sent an `Idempotency-Key`: only then are refusals and no-ops remembered (24 h). */
  readonly idempotent: boolean;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: Actor;
  readonly networkId: NetworkId | null;
  /** In the clear; `#messaging` seals them before they reach an event. */
  readonly ip?: string;
  readonly userAgent?: string;
  readonly traceparent?: string;
  readonly clientRequestId?: string;
  /** The arrival, from the `Clock`: the time that deciders get. */
  readonly now: Date;
  /** When the caller is answered at the latest. */
  readonly deadline: Date;
  readonly signal: AbortSignal;
}
