import type { KeyId, NetworkId } from '#kernel';
import type { SealedSecret } from '#sealing';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import type { KeySecretRecord } from '../ports/key-secret-store.port.js';
import { KeySecretStore } from '../ports/key-secret-store.port.js';

interface Attempt {
  readonly record: KeySecretRecord;
  readonly keptAt: Date;
  sealed: SealedSecret | null;
  expiresAt: string | null;
  confirmed: boolean;
}

export class MemoryKeySecrets extends KeySecretStore {
  private attempts: Attempt[] = [];

  override async keep(record: KeySecretRecord, at: Date): Promise<void> {
    const { sealed, expiresAt } = record;
    this.attempts.push({ record, keptAt: at, sealed, expiresAt, confirmed: false });
    return Promise.resolve();
  }

  override async find(networkId: NetworkId, keyId: KeyId, lookupHash: string) {
    const attempt = this.of(networkId, keyId).find((a) => a.record.lookupHash === lookupHash);
    return Promise.resolve(attempt?.sealed ?? undefined);
  }

  override async confirm(networkId: NetworkId, keyId: KeyId, lookupHash: string): Promise<void> {
    for (const attempt of this.of(networkId, keyId))
      if (attempt.record.lookupHash === lookupHash) attempt.confirmed = true;
      else this.attempts = this.attempts.filter((other) => other !== attempt);
    return Promise.resolve();
  }

  override async unconfirmed(at: Date, countMax: number) {
    return Promise.resolve(
      this.attempts
        .filter((attempt) => !attempt.confirmed && attempt.keptAt <= at)
        .slice(0, countMax)
        .map(({ record: { ring, keyId, lookupHash } }) => ({ ring, keyId, lookupHash })),
    );
  }

  override async discard(networkId: NetworkId, keyId: KeyId, lookupHash: string): Promise<void> {
    const gone = this.of(networkId, keyId).filter(
      (attempt) => attempt.record.lookupHash === lookupHash && !attempt.confirmed,
    );
    this.attempts = this.attempts.filter((attempt) => !gone.includes(attempt));
    return Promise.resolve();
  }

  override async restore(record: Omit<KeySecretRecord, 'sealed'>, at: Date): Promise<void> {
    const { ring, keyId, lookupHash, expiresAt } = record;
    const known = this.of(ring.networkId, keyId).some((a) => a.record.lookupHash === lookupHash);
    if (!known)
      this.attempts.push({
        record: { ...record, sealed: null },
        keptAt: at,
        sealed: null,
        expiresAt,
        confirmed: true,
      });
    return Promise.resolve();
  }

  override async destroy(networkId: NetworkId, keyId: KeyId): Promise<void> {
    for (const attempt of this.of(networkId, keyId)) {
      attempt.sealed = null;
      attempt.expiresAt = null;
    }
    return Promise.resolve();
  }

  override async locate(networkId: NetworkId, keyId: KeyId): Promise<RingId | undefined> {
    return Promise.resolve(this.of(networkId, keyId)[0]?.record.ring);
  }

  override async ringsDue(at: Date, countMax: number): Promise<readonly RingId[]> {
    const due = this.attempts.filter(
      ({ confirmed, expiresAt }) =>
        confirmed && expiresAt !== null && new Date(expiresAt).getTime() <= at.getTime(),
    );
    return Promise.resolve(distinct(due.map(({ record }) => record.ring)).slice(0, countMax));
  }

  private of(networkId: NetworkId, keyId: KeyId): Attempt[] {
    return this.attempts.filter(
      ({ record }) => record.ring.networkId === networkId && record.keyId === keyId,
    );
  }
}

export function distinct(rings: readonly RingId[]): RingId[] {
  return [...new Map(rings.map((ring) => [keyRingStream(ring), ring])).values()];
}
