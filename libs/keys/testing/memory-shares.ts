import type { NetworkId, ShareId } from '#kernel';
import type { RingId } from '../domain/portal.value.js';
import type { ShareRecord } from '../ports/share-store.port.js';
import { PASSPHRASE_TRIES_MAX, ShareStore } from '../ports/share-store.port.js';
import { distinct } from './memory-key-secrets.js';

interface Kept {
  record: ShareRecord;
  readonly keptAt: Date;
  tries: number;
  confirmed: boolean;
  destroyed: boolean;
}

export class MemoryShares extends ShareStore {
  private kept: Kept[] = [];

  override async keep(record: ShareRecord, at: Date): Promise<void> {
    this.kept.push({ record, keptAt: at, tries: 0, confirmed: false, destroyed: false });
    return Promise.resolve();
  }

  override async confirm(networkId: NetworkId, shareId: ShareId, tokenHash: string): Promise<void> {
    for (const kept of this.of(networkId, shareId))
      if (kept.record.tokenHash === tokenHash) kept.confirmed = true;
      else this.kept = this.kept.filter((other) => other !== kept);
    return Promise.resolve();
  }

  override async unconfirmed(at: Date, countMax: number): Promise<readonly ShareRecord[]> {
    return Promise.resolve(
      this.kept
        .filter((kept) => !kept.confirmed && kept.keptAt <= at)
        .slice(0, countMax)
        .map(({ record }) => record),
    );
  }

  override async discard(networkId: NetworkId, shareId: ShareId, tokenHash: string): Promise<void> {
    const gone = this.of(networkId, shareId).filter(
      (kept) => kept.record.tokenHash === tokenHash && !kept.confirmed,
    );
    this.kept = this.kept.filter((kept) => !gone.includes(kept));
    return Promise.resolve();
  }

  override async findByToken(...tokenHashes: readonly string[]): Promise<ShareRecord | undefined> {
    const found = this.kept.find(({ record }) => tokenHashes.includes(record.tokenHash));
    return Promise.resolve(found?.record);
  }

  override async locate(networkId: NetworkId, shareId: ShareId) {
    const [kept] = this.of(networkId, shareId);
    return Promise.resolve(kept && { ring: kept.record.ring, keyId: kept.record.keyId });
  }

  override async restore(record: Omit<ShareRecord, 'passphraseHash'>, at: Date): Promise<void> {
    const known = this.kept.some((kept) => kept.record.tokenHash === record.tokenHash);
    if (!known)
      this.kept.push({
        record: { ...record, passphraseHash: null },
        keptAt: at,
        tries: 0,
        confirmed: true,
        destroyed: false,
      });
    return Promise.resolve();
  }

  override async countTry(networkId: NetworkId, shareId: ShareId): Promise<number | undefined> {
    let tries: number | undefined;
    for (const kept of this.of(networkId, shareId))
      if (kept.tries < PASSPHRASE_TRIES_MAX) {
        kept.tries += 1;
        tries = Math.max(tries ?? 0, kept.tries);
      }
    return Promise.resolve(tries);
  }

  override async forgiveTry(networkId: NetworkId, shareId: ShareId): Promise<void> {
    for (const kept of this.of(networkId, shareId)) kept.tries = Math.max(0, kept.tries - 1);
    return Promise.resolve();
  }

  override async destroy(networkId: NetworkId, shareId: ShareId): Promise<void> {
    for (const kept of this.of(networkId, shareId)) {
      kept.destroyed = true;
      kept.record = { ...kept.record, passphraseHash: null };
    }
    return Promise.resolve();
  }

  override async ringsDue(at: Date, countMax: number): Promise<readonly RingId[]> {
    const due = this.kept.filter(
      ({ confirmed, destroyed, record }) =>
        confirmed && !destroyed && new Date(record.expiresAt).getTime() <= at.getTime(),
    );
    return Promise.resolve(distinct(due.map(({ record }) => record.ring)).slice(0, countMax));
  }

  private of(networkId: NetworkId, shareId: ShareId): Kept[] {
    return this.kept.filter(
      ({ record }) => record.ring.networkId === networkId && record.shareId === shareId,
    );
  }
}
