import type { NetworkId } from '#kernel';

/** What a verified access token says. Whom it speaks for is looked up in the ledger. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** The one network that the token names; `null` for operators. */
  readonly networkId: NetworkId | null;
  readonly operator: boolean;
  /** A client of its own (client credentials), no person. */
  readonly service: boolean;
}

/**
 * Access tokens only (`typ: at+jwt`), of a configured issuer, for our audience, signed with a pinned algorithm by a key
 * of the issuer's set, within their time (`CLOCK_SKEW_SECONDS`), naming a network that the issuer may speak for.
 */
export abstract class TokenVerifier {
  /**
   * @throws {TokenRefusedError} 401
   * @throws {DomainError} `access/issuer-unavailable` (503): the keys can't be read, so nothing can be said of the token.
   */
  abstract verify(token: string): Promise<VerifiedToken>;
}

export type TokenRefusal =
  | 'missing'
  | 'malformed'
  | 'type'
  | 'algorithm'
  | 'issuer'
  | 'audience'
  | 'signature'
  | 'expired'
  | 'not-yet-valid'
  | 'claims'
  | 'network';

export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  constructor(readonly reason: TokenRefusal) {
    super(`access token refused: ${reason}`);
  }
}
