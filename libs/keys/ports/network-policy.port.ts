import type { NetworkId } from '#kernel';

/** The part of a network's key policy that this context decides with. */
export interface KeyPolicyFacts {
  readonly keyPrefix: string;
  readonly activeKeysMax: number;
  readonly shareTtlSecondsDefault: number;
  readonly shareTtlSecondsMax: number;
  /** Whether a marketplace partner may see the secrets of its connections' keys. */
  readonly marketplaceSecretsListed: boolean;
}

export abstract class NetworkPolicyPort {
  /** `undefined`: there is no such network. */
  abstract load(networkId: NetworkId, signal?: AbortSignal): Promise<KeyPolicyFacts | undefined>;
}
