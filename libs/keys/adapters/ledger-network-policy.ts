import { Injectable } from '@nestjs/common';
import type { NetworkId } from '#kernel';
import { NetworkSettingsReader } from '#networks';
import type { KeyPolicyFacts } from '../ports/network-policy.port.js';
import { NetworkPolicyPort } from '../ports/network-policy.port.js';

/** Asks the networks context. */
@Injectable()
export class LedgerNetworkPolicy extends NetworkPolicyPort {
  constructor(private readonly networks: NetworkSettingsReader) {
    super();
  }

  override async load(
    networkId: NetworkId,
    signal?: AbortSignal,
  ): Promise<KeyPolicyFacts | undefined> {
    const settings = await this.networks.load(networkId, signal);
    if (!settings) return undefined;
    const { keyPrefix, activeKeysMax, shareTtlSeconds, marketplaceSecretsListed } =
      settings.keyPolicy;
    return {
      keyPrefix,
      activeKeysMax,
      shareTtlSecondsDefault: shareTtlSeconds.default,
      shareTtlSecondsMax: shareTtlSeconds.max,
      marketplaceSecretsListed,
    };
  }
}
