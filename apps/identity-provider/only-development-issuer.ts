import { IdentityProviderError } from './identity-provider.js';

/**
 * Test users must never meet a ledger of real ones.
 *
 * @param issuersSeen every issuer that an identity of the ledger was ever of (`issuersSeen` of #access).
 * @throws {IdentityProviderError} one of them is another than the development issuer.
 */
export function assertOnlyDevelopmentIssuer(issuer: string, issuersSeen: readonly string[]): void {
  const other = issuersSeen.find((seen) => seen !== issuer);
  if (other !== undefined)
    throw new IdentityProviderError(
      `this ledger knows identities of ${other}: the development identity provider (${issuer}) does not serve it; set KEYLEDGER_ISSUERS`,
    );
}
