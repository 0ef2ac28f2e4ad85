import { IdentityProviderError } from './identity-provider.js';

/**
 * Test users must never meet a ledger of real ones.
 *
 * @param other an issuer beside the development one whose identities acted on the ledger (`otherIssuerThatActed` of #audit).
 * @throws {IdentityProviderError} there is one.
 */
export function assertOnlyDevelopmentIssuer(issuer: string, other: string | undefined): void {
  if (other !== undefined)
    throw new IdentityProviderError(
      `identities of ${other} acted on this ledger: the development identity provider (${issuer}) does not serve it; set KEYLEDGER_ISSUERS`,
    );
}
