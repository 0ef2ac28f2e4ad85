import { Injectable } from '@nestjs/common';
import type { NetworkId } from '#kernel';
import { DomainError, streamId } from '#kernel';
import { StreamReader } from '#messaging';
import type { ApiProfile, Region } from './domain/api-profile.value.js';
import type { KeyPolicy } from './domain/key-policy.value.js';
import type { NetworkState, WebhookCredential } from './domain/network.decider.js';
import { networkDecider } from './domain/network.decider.js';

/** A network's settings as of its last event. */
export interface NetworkSettings {
  readonly networkId: NetworkId;
  readonly name: string;
  readonly region: Region;
  readonly keyPolicy: KeyPolicy;
  readonly apiProfile: ApiProfile;
  readonly webhookCredentials: readonly WebhookCredential[];
}

export const networkStreamId = (networkId: NetworkId) => streamId('network', networkId, 'settings');

/** @throws {DomainError} `networks/not-found` */
export function settingsOf(networkId: NetworkId, state: NetworkState): NetworkSettings {
  if (state.lifecycle === 'absent') throw new DomainError('networks/not-found');
  const { name, region, keyPolicy, apiProfile, webhookCredentials } = state;
  return { networkId, name, region, keyPolicy, apiProfile, webhookCredentials };
}

/** Folds the network's own stream, read from the leader: never behind an acknowledged change. */
@Injectable()
export class NetworkSettingsReader {
  constructor(private readonly streams: StreamReader) {}

  /** `undefined` when there is no such network. */
  async load(networkId: NetworkId, signal?: AbortSignal): Promise<NetworkSettings | undefined> {
    const { state } = await this.streams.load(networkStreamId(networkId), networkDecider, signal);
    return state.lifecycle === 'absent' ? undefined : settingsOf(networkId, state);
  }
}
