import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel';
import { KeyWrapper, PersonalData, SealBrokenError } from '../sealing.port.js';
import type { SubjectKey } from '../subject-keys.port.js';
import { SubjectKeyStore } from '../subject-keys.port.js';
import { AES_KEY_BYTES, decrypt, encrypt, packed, unpacked } from './aes-gcm.js';

/** Another process may go on opening with an erased key for this long. */
export const SUBJECT_KEY_CACHE_MS = 30_000;
export const SUBJECT_KEYS_CACHED_MAX = 1_000;
const FORMAT = 'p1';

interface CachedKey {
  readonly keyId: string;
  readonly dataKey: Uint8Array;
  readonly until: number;
}

/** `p1.<key id>.<base64url>`: AES-256-GCM under the subject's key, bound to the subject. */
@Injectable()
export class SubjectPersonalData extends PersonalData {
  private readonly cache = new Map<string, CachedKey>();
  /** How often something was erased: what was read before that is not kept. */
  private erasures = 0;

  constructor(
    private readonly wrapper: KeyWrapper,
    private readonly store: SubjectKeyStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async seal(subject: string, text: string): Promise<string> {
    const { keyId, dataKey } = (await this.load(subject)) ?? (await this.create(subject));
    const box = packed(encrypt(dataKey, Buffer.from(text, 'utf8'), associated(subject, keyId)));
    return `${FORMAT}.${keyId}.${Buffer.from(box).toString('base64url')}`;
  }

  override async open(subject: string, sealed: string): Promise<string | undefined> {
    const [format, keyId, body] = sealed.split('.');
    if (format !== FORMAT || keyId === undefined || body === undefined)
      throw new SealBrokenError('not a sealed text');
    const key = await this.load(subject);
    if (key?.keyId !== keyId) return undefined;
    const box = unpacked(Buffer.from(body, 'base64url'));
    return Buffer.from(decrypt(key.dataKey, box, associated(subject, keyId))).toString('utf8');
  }

  override async erase(subject: string): Promise<void> {
    await this.store.erase(subject);
    this.erasures += 1;
    this.cache.delete(subject);
  }

  private async load(subject: string): Promise<CachedKey | undefined> {
    const cached = this.cache.get(subject);
    if (cached && cached.until > this.clock.now().getTime()) return cached;
    this.cache.delete(subject);
    const { erasures } = this;
    const stored = await this.store.find(subject);
    return stored && this.remember(subject, stored, erasures);
  }

  private async create(subject: string): Promise<CachedKey> {
    const keyId = randomUUID();
    const dataKey = randomBytes(AES_KEY_BYTES);
    const wrappedKey = await this.wrapper.wrap(dataKey, associated(subject, keyId));
    const { erasures } = this;
    return this.remember(subject, await this.store.keep(subject, { keyId, wrappedKey }), erasures);
  }

  private async remember(subject: string, key: SubjectKey, erasures: number): Promise<CachedKey> {
    const dataKey = await this.wrapper.unwrap(key.wrappedKey, associated(subject, key.keyId));
    const until = this.clock.now().getTime() + SUBJECT_KEY_CACHE_MS;
    const cached = { keyId: key.keyId, dataKey, until };
    if (erasures !== this.erasures) return cached;
    if (this.cache.size >= SUBJECT_KEYS_CACHED_MAX) {
      const oldest = this.cache.keys().next();
      if (oldest.done !== true) this.cache.delete(oldest.value);
    }
    this.cache.set(subject, cached);
    return cached;
  }
}

const associated = (subject: string, keyId: string) => `personal:${keyId}:${subject}`;
