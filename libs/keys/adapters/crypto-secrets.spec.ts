import { describe, expect, it } from '@jest/globals';
import {
  BASE62,
  containsKeyMaterial,
  KEY_RANDOM_CHARS,
  parseKey,
  PASSPHRASE_ALPHABET,
  PASSPHRASE_RANDOM_CHARS,
} from '#kernel';
import { CryptoSecretSource } from './crypto-secret-source.js';
import { ScryptPassphrases } from './scrypt-passphrases.js';

const source = new CryptoSecretSource();

describe('randomness', () => {
  it('makes keys of 190 bits or more beside their hint, that parse, and never twice alike', () => {
    expect((KEY_RANDOM_CHARS - 4) * Math.log2(BASE62.length)).toBeGreaterThanOrEqual(190);
    const keys = Array.from({ length: 1_000 }, () => source.key('kl', 'aff'));
    for (const key of keys)
      expect(parseKey(key)).toMatchObject({ prefix: 'kl', portalCode: 'aff' });
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('draws every character alike often', () => {
    const counts = new Map<string, number>();
    const draws = 3_000;
    for (let index = 0; index < draws; index += 1)
      for (const letter of source.key('kl', 'aff').slice(7, 7 + KEY_RANDOM_CHARS))
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
    const expected = (draws * KEY_RANDOM_CHARS) / 62;
    const chiSquare = Array.from(BASE62).reduce(
      (sum, letter) => sum + ((counts.get(letter) ?? 0) - expected) ** 2 / expected,
      0,
    );
    // 61 degrees of freedom: beyond 140 once in ten million; a modulo of a byte gives about 600.
    expect(chiSquare).toBeLessThan(140);
  });

  it('makes tokens of 256 bits and passphrases of 60 bits or more', () => {
    expect(Buffer.from(source.shareToken(), 'base64url')).toHaveLength(32);
    expect(source.passphrase()).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
    expect(PASSPHRASE_RANDOM_CHARS * Math.log2(PASSPHRASE_ALPHABET.length)).toBeGreaterThanOrEqual(
      60,
    );
    expect(containsKeyMaterial(`It is ${source.passphrase()}.`)).toBe(true);
  });
});

describe('passphrases', () => {
  const hasher = new ScryptPassphrases();

  it('are kept as scrypt with a salt of their own, never in the clear', async () => {
    const [one, two] = [await hasher.hash('abcd-1234'), await hasher.hash('abcd-1234')];
    expect(one).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(one).not.toBe(two);
    expect(one).not.toContain('abcd');
  });

  it('are right as they are read out, and wrong otherwise', async () => {
    const encoded = await hasher.hash('ab01-cd1e');
    for (const typed of ['ab01-cd1e', 'AB01CD1E', ' abol–cdie ', 'ab01 cd1e'])
      expect(await hasher.verify(typed, encoded)).toBe(true);
    for (const typed of ['', 'ab01-cd1f', 'ab01cd1', `ab01cd1e${'x'.repeat(1_000)}`])
      expect(await hasher.verify(typed, encoded)).toBe(false);
  });

  it('are verified by many at the same time, a few at once', async () => {
    const encoded = await hasher.hash('ab01-cd1e');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        hasher.verify(`ab01-cd1${'e'.repeat(index % 2)}`, encoded),
      ),
    );
    expect(answers).toEqual([false, true, false, true, false, true, false, true]);
  });
});
