import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '#event-store';
import { Clock } from '#kernel';
import type { Process } from '#projections';
import { SecretUpkeep, UPKEEP_EVENTS } from '../commands/secret-upkeep.js';
import type { KeyRingEvent } from '../domain/key-ring.events.js';
import { ringOfStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import { KeySecretStore } from '../ports/key-secret-store.port.js';
import { ShareStore } from '../ports/share-store.port.js';

/**
 * Confirms and destroys what a handler that died left undone, and writes anew the locators that an older backup of the
 * database lacks: a key that the log knows can always be revoked. Safe to repeat: what is destroyed stays destroyed.
 */
@Injectable()
export class KeepSecretsTrueToLog implements Process {
  readonly name = 'keep-secrets-true-to-log';
  readonly handles = UPKEEP_EVENTS;

  constructor(
    private readonly upkeep: SecretUpkeep,
    private readonly secrets: KeySecretStore,
    private readonly shares: ShareStore,
    private readonly clock: Clock,
  ) {}

  async handle({ type, data, streamId }: RecordedEvent): Promise<void> {
    const ring = ringOfStream(streamId);
    if (!ring) return;
    const event = { type, data } as KeyRingEvent;
    await this.restore(ring, event);
    await this.upkeep.follow(ring.networkId, [event]);
  }

  private async restore(ring: RingId, { type, data }: KeyRingEvent): Promise<void> {
    const at = this.clock.now();
    if (type === 'KeyIssued') {
      const { keyId, secret, expiresAt } = data;
      const { lookupHash } = secret;
      await this.secrets.restore({ ring, keyId, lookupHash, expiresAt }, at);
    } else if (type === 'KeyShared') {
      const { shareId, keyId, bound, tokenHash, pepperId, expiresAt } = data;
      await this.shares.restore(
        { ring, shareId, keyId, bound, tokenHash, pepperId, expiresAt },
        at,
      );
    }
  }
}
