import type { DomainErrorCode, NetworkId } from '#kernel';
import type { Principal } from '../domain/principal.value.js';

export interface Denial {
  readonly principal?: Principal | undefined;
  readonly ip?: string | undefined;
  /** The problem's code. */
  readonly code: DomainErrorCode;
  /** Whose denial it is; default: the principal's network. `null`: of no network. */
  readonly networkId?: NetworkId | null;
}

/**
 * Takes refusals into the log as `AccessDenied`, coalesced and bounded, off the request's path. The guard and the
 * interceptor of this lib record `access/…` refusals themselves; others record theirs (failed share openings…).
 */
export abstract class AccessDenials {
  /** Returns at once and never throws. */
  abstract record(denial: Denial): void;
  /** Stores what is counted; at shutdown. */
  abstract flush(): Promise<void>;
}
