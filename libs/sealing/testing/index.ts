import { Clock } from '#kernel';
import { randomRootKey } from '../adapters/root-key.js';
import { EnvelopeSealer } from '../adapters/envelope-sealer.js';
import { HmacPeppers } from '../adapters/hmac-peppers.js';
import { LocalKeyWrapper } from '../adapters/local-key-wrapper.js';
import { SubjectPersonalData } from '../adapters/subject-personal-data.js';
import { SealingKeys } from '../sealing-keys.port.js';
import type { RootKeys, SealingKeyKind } from '../sealing-keys.port.js';
import { SealingKeyRegistry } from '../sealing-keys.port.js';
import { WrappingKeyMissingError } from '../sealing.port.js';
import type { SubjectKey } from '../subject-keys.port.js';
import { SubjectKeyStore } from '../subject-keys.port.js';

/** Fresh root keys that can be taken away and given back. */
export class SwitchableSealingKeys extends SealingKeys {
  private rootKeys: RootKeys = {
    wrappingKey: randomRootKey(),
    peppers: [randomRootKey()],
  };
  missing = false;

  /** A new pepper becomes the current one; the older ones stay. */
  rotatePepper(): void {
    const { wrappingKey, peppers } = this.rootKeys;
    this.rootKeys = { wrappingKey, peppers: [randomRootKey(), ...peppers] };
  }

  override get state(): SealingKeys['state'] {
    return this.missing
      ? { status: 'missing', source: 'test', reason: 'taken away' }
      : { status: 'present', source: 'test' };
  }

  override keys(): RootKeys {
    if (this.missing) throw new WrappingKeyMissingError('taken away');
    return this.rootKeys;
  }
}

export class MemorySubjectKeys extends SubjectKeyStore {
  private readonly keys = new Map<string, SubjectKey>();

  override async find(subject: string): Promise<SubjectKey | undefined> {
    return Promise.resolve(this.keys.get(subject));
  }
  override async keep(subject: string, key: SubjectKey): Promise<SubjectKey> {
    const kept = this.keys.get(subject) ?? key;
    this.keys.set(subject, kept);
    return Promise.resolve(kept);
  }
  override async erase(subject: string): Promise<void> {
    this.keys.delete(subject);
    return Promise.resolve();
  }
}

export class MemorySealingKeyRegistry extends SealingKeyRegistry {
  private keys: readonly { readonly kind: SealingKeyKind; readonly id: string }[] = [];

  override async ids() {
    return Promise.resolve(this.keys);
  }
  override async registerFirst(
    keys: readonly { readonly kind: SealingKeyKind; readonly id: string }[],
  ): Promise<boolean> {
    if (this.keys.length > 0) return Promise.resolve(false);
    this.keys = keys;
    return Promise.resolve(true);
  }
  override async registerMore(
    keys: readonly { readonly kind: SealingKeyKind; readonly id: string }[],
  ): Promise<void> {
    this.keys = [...this.keys, ...keys];
    return Promise.resolve();
  }
}

class WrappedClock extends Clock {
  constructor(private readonly clock: { now(): Date }) {
    super();
  }
  override now(): Date {
    return this.clock.now();
  }
}

/** The real sealer, peppers and personal data over fresh keys in memory. */
export function memorySealing(time: { now(): Date }) {
  const clock: Clock = new WrappedClock(time);
  const sealingKeys = new SwitchableSealingKeys();
  const wrapper = new LocalKeyWrapper(sealingKeys);
  return {
    clock,
    sealingKeys,
    wrapper,
    sealer: new EnvelopeSealer(wrapper),
    peppers: new HmacPeppers(sealingKeys),
    personalData: new SubjectPersonalData(
      wrapper,
      new MemorySubjectKeys(),
      new WrappedClock(clock),
    ),
  };
}
