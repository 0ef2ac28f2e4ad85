import type { NetworkId } from '#kernel';

/** The part of a network's key policy that this context decides with. */
export interface KeyPolicyFacts {
  readonly keyPrefix: string;
  readonly activeKeysMax: number;
  readonly shareTtlSecondsDefault: number;
  readonly shareTtlSecondsMax: number;
}

export abstract class NetworkPolicyPort {
  /** `undefined`: there is no such network. */
  abstract load(networkId: NetworkId, signal?: AbortSignal): Promise<KeyPolicyFacts | undefined>;
}
