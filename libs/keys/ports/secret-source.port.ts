import type { PortalCode } from '#kernel';

/** The only source of randomness of this context. */
export abstract class SecretSource {
  /** A whole key with its checksum; 214 random bits. */
  abstract key(prefix: string, portalCode: PortalCode): string;
  /** 256 bits, base64url. */
  abstract shareToken(): string;
  /** Four groups of four characters without look-alikes, 65 bits and a checksum (`composePassphrase`): made to be read out. */
  abstract passphrase(): string;
}
