import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '#kernel';
import type { KeyId, NetworkId } from '#kernel';
import { Peppers, Sealer, WrappingKeyMissingError } from '#sealing';
import type { KeysErrorCode } from '../domain/key-ring.errors.js';
import type { SecretReference } from '../domain/key-ring.events.js';
import type { Portal, RingId } from '../domain/portal.value.js';
import { PORTAL_RULES } from '../domain/portal.value.js';
import { KeySecretStore } from '../ports/key-secret-store.port.js';
import type { SecretCandidate } from '../ports/key-vault.port.js';
import { KEY_LOOKUP_PURPOSE, KeyVault } from '../ports/key-vault.port.js';

@Injectable()
export class SealedKeyVault extends KeyVault {
  constructor(
    private readonly sealer: Sealer,
    private readonly peppers: Peppers,
    private readonly store: KeySecretStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async keep({
    ring,
    keyId,
    secret,
    expiresAt,
  }: SecretCandidate): Promise<SecretReference> {
    const { storage } = PORTAL_RULES[ring.portal];
    return withWrappingKey(async () => {
      const pepperId = await this.peppers.current();
      const lookupHash = await this.peppers.hash(pepperId, KEY_LOOKUP_PURPOSE, secret);
      const sealed =
        storage === 'sealed'
          ? await this.sealer.seal(
              Buffer.from(secret, 'ascii'),
              associated(ring.networkId, ring.portal, keyId),
            )
          : null;
      await this.store.keep({ ring, keyId, lookupHash, sealed, expiresAt }, this.clock.now());
      return { storage, pepperId, lookupHash };
    });
  }

  override async open(
    key: { readonly networkId: NetworkId; readonly portal: Portal; readonly keyId: KeyId },
    reference: SecretReference,
  ): Promise<string> {
    const { networkId, portal, keyId } = key;
    if (reference.storage !== 'sealed') return refuse('keys/secret-not-recoverable');
    const sealed = await this.store.find(networkId, keyId, reference.lookupHash);
    if (!sealed) return refuse('keys/secret-destroyed');
    return withWrappingKey(async () => {
      const bytes = await this.sealer.open(sealed, associated(networkId, portal, keyId));
      return Buffer.from(bytes).toString('ascii');
    });
  }

  override async confirm(networkId: NetworkId, keyId: KeyId, lookupHash: string): Promise<void> {
    await this.store.confirm(networkId, keyId, lookupHash);
  }

  override async destroy(networkId: NetworkId, keyId: KeyId): Promise<void> {
    await this.store.destroy(networkId, keyId);
  }

  override async locate(networkId: NetworkId, keyId: KeyId): Promise<RingId | undefined> {
    return this.store.locate(networkId, keyId);
  }
}

const associated = (networkId: NetworkId, portal: Portal, keyId: KeyId) =>
  `key-secret:${String(networkId)}:${portal}:${keyId}`;

async function withWrappingKey<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WrappingKeyMissingError)) throw error;
    const code: KeysErrorCode = 'keys/wrapping-key-missing';
    throw new DomainError(code, {}, { cause: error });
  }
}

function refuse(code: KeysErrorCode): never {
  throw new DomainError(code);
}
