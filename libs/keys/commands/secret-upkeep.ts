import { Injectable } from '@nestjs/common';
import type { NetworkId } from '#kernel';
import type { KeyRingEvent } from '../domain/key-ring.events.js';
import { KeyVault } from '../ports/key-vault.port.js';
import { ShareStore } from '../ports/share-store.port.js';

type EventLike = Pick<KeyRingEvent, 'type' | 'data'>;

export const UPKEEP_EVENTS = [
  'KeyIssued',
  'KeyShared',
  'KeyRevoked',
  'KeyExpired',
  'ShareOpened',
  'ShareEnded',
] as const satisfies readonly KeyRingEvent['type'][];

/**
 * What the events of the log mean for what lies outside it: a secret that is named is confirmed, one whose key is over
 * is destroyed. Done by handlers after their append and again by a process, so that a crash between loses nothing.
 */
@Injectable()
export class SecretUpkeep {
  constructor(
    private readonly vault: KeyVault,
    private readonly shares: ShareStore,
  ) {}

  async follow(networkId: NetworkId, events: readonly EventLike[]): Promise<void> {
    for (const event of events) await this.followOne(networkId, event as KeyRingEvent);
  }

  private async followOne(networkId: NetworkId, { type, data }: KeyRingEvent): Promise<void> {
    switch (type) {
      case 'KeyIssued':
        await this.vault.confirm(networkId, data.keyId, data.secret.lookupHash);
        break;
      case 'KeyShared':
        await this.shares.confirm(networkId, data.shareId, data.tokenHash);
        break;
      case 'KeyRevoked':
      case 'KeyExpired':
        await this.vault.destroy(networkId, data.keyId);
        break;
      case 'ShareOpened':
      case 'ShareEnded':
        await this.shares.destroy(networkId, data.shareId);
        break;
      case 'KeyRevealed':
      case 'KeyRelabeled':
      case 'KeySuspended':
      case 'KeyReinstated':
      case 'HolderSuspended':
      case 'HolderReinstated':
        break;
    }
  }
}
