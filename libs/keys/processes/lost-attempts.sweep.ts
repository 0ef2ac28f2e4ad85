import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel';
import { StreamReader } from '#messaging';
import type { KeyRing } from '../domain/key-ring.decider.js';
import { keyRingDecider } from '../domain/key-ring.decider.js';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import type { KeySecretRecord } from '../ports/key-secret-store.port.js';
import { KeySecretStore } from '../ports/key-secret-store.port.js';
import { CANDIDATE_GRACE_MS, KeyVault } from '../ports/key-vault.port.js';
import type { ShareRecord } from '../ports/share-store.port.js';
import { ShareStore } from '../ports/share-store.port.js';
import type { Sweep } from './sweep.js';
import { eachOf, SWEEP_BATCH_MAX } from './sweep.js';

/**
 * Removes secrets and links that were kept before an append that never came. The stream itself is asked, after a time
 * in which no append can still be under way.
 */
@Injectable()
export class LostAttemptsSweep implements Sweep {
  readonly name = 'lost-attempts';
  readonly intervalMs = 60_000;

  constructor(
    private readonly secrets: KeySecretStore,
    private readonly vault: KeyVault,
    private readonly shares: ShareStore,
    private readonly streams: StreamReader,
    private readonly clock: Clock,
  ) {}

  async run(signal: AbortSignal): Promise<number> {
    const before = new Date(this.clock.now().getTime() - CANDIDATE_GRACE_MS);
    const keys = await this.secrets.unconfirmed(before, SWEEP_BATCH_MAX);
    const shares = await this.shares.unconfirmed(before, SWEEP_BATCH_MAX);
    const work = [
      ...keys.map((candidate) => () => this.settleKey(candidate, signal)),
      ...shares.map((candidate) => () => this.settleShare(candidate, signal)),
    ];
    await eachOf(work, signal, (settle) => settle());
    return work.length;
  }

  private async settleKey(
    { ring, keyId, lookupHash }: Pick<KeySecretRecord, 'ring' | 'keyId' | 'lookupHash'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { networkId } = ring;
    const key = (await this.load(ring, signal)).keys.get(keyId);
    if (key?.secret.lookupHash !== lookupHash) {
      await this.secrets.discard(networkId, keyId, lookupHash);
      return;
    }
    await this.vault.confirm(networkId, keyId, lookupHash);
    if (key.status === 'revoked' || key.status === 'expired')
      await this.vault.destroy(networkId, keyId);
  }

  private async settleShare(
    { ring, shareId, tokenHash }: Pick<ShareRecord, 'ring' | 'shareId' | 'tokenHash'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { networkId } = ring;
    const share = (await this.load(ring, signal)).shares.get(shareId);
    if (share?.tokenHash !== tokenHash) {
      await this.shares.discard(networkId, shareId, tokenHash);
      return;
    }
    await this.shares.confirm(networkId, shareId, tokenHash);
    if (share.status !== 'open') await this.shares.destroy(networkId, shareId);
  }

  private async load(ring: RingId, signal: AbortSignal): Promise<KeyRing> {
    return (await this.streams.load(keyRingStream(ring), keyRingDecider, signal)).state;
  }
}
