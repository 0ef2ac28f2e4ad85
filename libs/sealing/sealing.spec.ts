import { describe, expect, it } from '@jest/globals';
import { FixedClock } from '#kernel/testing';
import { SUBJECT_KEY_CACHE_MS, SubjectPersonalData } from './adapters/subject-personal-data.js';
import { SealBrokenError, WrappingKeyMissingError } from './sealing.port.js';
import { memorySealing, MemorySubjectKeys } from './testing/index.js';

const SECRET = Buffer.from('a secret');

describe('the sealer', () => {
  it('gives back what it sealed, and never seals twice alike', async () => {
    const { sealer } = memorySealing(new FixedClock());
    const [one, two] = [await sealer.seal(SECRET, 'a'), await sealer.seal(SECRET, 'a')];
    expect(Buffer.from(await sealer.open(one, 'a'))).toEqual(SECRET);
    expect(one.ciphertext).not.toEqual(two.ciphertext);
    expect(one.wrappedKey.ciphertext).not.toEqual(two.wrappedKey.ciphertext);
  });

  it('opens nothing with other associated data, with another data key, or with a changed byte', async () => {
    const { sealer } = memorySealing(new FixedClock());
    const [one, two] = [await sealer.seal(SECRET, 'a'), await sealer.seal(SECRET, 'b')];
    const flipped = Buffer.from(one.ciphertext);
    flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
    for (const broken of [
      sealer.open(one, 'b'),
      sealer.open({ ...one, wrappedKey: two.wrappedKey }, 'a'),
      sealer.open({ ...one, wrappedKey: two.wrappedKey }, 'b'),
      sealer.open({ ...one, ciphertext: flipped }, 'a'),
      sealer.open({ ...one, tag: two.tag }, 'a'),
    ])
      await expect(broken).rejects.toThrow(SealBrokenError);
  });

  it('needs the wrapping key that sealed', async () => {
    const { sealer, sealingKeys } = memorySealing(new FixedClock());
    const sealed = await sealer.seal(SECRET, 'a');
    const other = memorySealing(new FixedClock());
    await expect(other.sealer.open(sealed, 'a')).rejects.toThrow(WrappingKeyMissingError);
    sealingKeys.missing = true;
    await expect(sealer.open(sealed, 'a')).rejects.toThrow(WrappingKeyMissingError);
    await expect(sealer.seal(SECRET, 'a')).rejects.toThrow(WrappingKeyMissingError);
  });
});

describe('peppers', () => {
  it('hash the same for the same pepper, purpose and value only', async () => {
    const { peppers } = memorySealing(new FixedClock());
    const pepper = await peppers.current();
    expect(await peppers.ids()).toEqual([pepper]);
    const hash = await peppers.hash(pepper, 'key', 'value');
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await peppers.hash(pepper, 'key', 'value')).toBe(hash);
    expect(await peppers.hash(pepper, 'keyv', 'alue')).not.toBe(hash);
    const other = memorySealing(new FixedClock()).peppers;
    expect(await other.hash(await other.current(), 'key', 'value')).not.toBe(hash);
    await expect(other.hash(pepper, 'key', 'value')).rejects.toThrow(WrappingKeyMissingError);
  });
});

describe('a rotation of the pepper', () => {
  it('leaves what was hashed before it findable, the current hash first', async () => {
    const { peppers, sealingKeys } = memorySealing(new FixedClock());
    const [before] = await peppers.hashes('key', 'value');
    sealingKeys.rotatePepper();
    const [current, ...older] = await peppers.hashes('key', 'value');
    expect(current?.pepperId).toBe(await peppers.current());
    expect(current?.hash).not.toBe(before?.hash);
    expect(older).toEqual([before]);
  });
});

describe('personal data', () => {
  it('is gone with its subject’s key, and nobody else’s with it', async () => {
    const clock = new FixedClock();
    const { personalData } = memorySealing(clock);
    const one = await personalData.seal('one', '203.0.113.7');
    const two = await personalData.seal('two', '203.0.113.8');
    clock.advanceMs(SUBJECT_KEY_CACHE_MS + 1);
    expect(await personalData.open('one', one)).toBe('203.0.113.7');
    await personalData.erase('one');
    expect(await personalData.open('one', one)).toBeUndefined();
    expect(await personalData.open('two', two)).toBe('203.0.113.8');
  });

  it('of an erased subject can be kept anew, and the old stays gone', async () => {
    const { personalData } = memorySealing(new FixedClock());
    const old = await personalData.seal('one', 'old');
    await personalData.erase('one');
    const fresh = await personalData.seal('one', 'new');
    expect(await personalData.open('one', fresh)).toBe('new');
    expect(await personalData.open('one', old)).toBeUndefined();
  });

  it('is gone at once, also when its key was being read while it was erased', async () => {
    const clock = new FixedClock();
    const { wrapper, clock: time } = memorySealing(clock);
    const store = new SlowSubjectKeys();
    const personalData = new SubjectPersonalData(wrapper, store, time);
    const sealed = await personalData.seal('one', 'text');
    clock.advanceMs(SUBJECT_KEY_CACHE_MS + 1);
    const read = new Promise<void>((resolve) => (store.found = resolve));
    const opening = personalData.open('one', sealed);
    await read;
    await personalData.erase('one');
    store.answer();
    await opening;
    expect(await personalData.open('one', sealed)).toBeUndefined();
  });

  it('of one subject does not pass as another’s', async () => {
    const { personalData } = memorySealing(new FixedClock());
    const sealed = await personalData.seal('one', 'text');
    await personalData.seal('two', 'text');
    expect(await personalData.open('two', sealed)).toBeUndefined();
  });
});

/** Has found a key, and gives it when it is told to. */
class SlowSubjectKeys extends MemorySubjectKeys {
  found: (() => void) | undefined;
  answer: () => void = () => undefined;

  override async find(subject: string) {
    const key = await super.find(subject);
    const { found } = this;
    if (found) {
      this.found = undefined;
      await new Promise<void>((resolve) => {
        this.answer = resolve;
        found();
      });
    }
    return key;
  }
}
