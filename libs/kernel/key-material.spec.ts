import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PortalCode } from './key-material.js';
import {
  BASE62,
  composeKey,
  composePassphrase,
  containsKeyMaterial,
  KEY_CHARS_MAX,
  maskedKey,
  parseKey,
  PASSPHRASE_ALPHABET,
  PASSPHRASE_RANDOM_CHARS,
  PORTAL_CODES,
  SECRET_MASK,
  withoutKeyMaterial,
} from './key-material.js';

const RANDOM = '0123456789ABCDEFGHIJabcdefghijklmnop';
const randomPart = fc
  .array(fc.constantFrom(...Array.from(BASE62)), { minLength: 36, maxLength: 36 })
  .map((letters) => letters.join(''));
const prefix = fc.stringMatching(/^[a-z][a-z0-9]{1,11}$/);
const code = fc.constantFrom<PortalCode>(...PORTAL_CODES);
const key = fc
  .tuple(prefix, code, randomPart)
  .map(([first, portal, random]) => composeKey(first, portal, random));

describe('the written form of a key', () => {
  it('is prefix, portal, random part and CRC-32 in base62', () => {
    // CRC-32 of "kl_aff_0123456789ABCDEFGHIJabcdefghijklmnop", as `python -c 'import zlib'` computes it.
    expect(composeKey('kl', 'aff', RANDOM)).toBe(`kl_aff_${RANDOM}_3HR78p`);
  });

  it('is found by its own parts, and is never longer than its bound', () => {
    fc.assert(
      fc.property(prefix, code, randomPart, (first, portal, random) => {
        const text = composeKey(first, portal, random);
        expect(parseKey(text)).toEqual({ prefix: first, portalCode: portal, hint: text.slice(-4) });
        expect(text.length).toBeLessThanOrEqual(KEY_CHARS_MAX);
      }),
    );
  });

  it('is junk with any one character changed', () => {
    fc.assert(
      fc.property(key, fc.nat(), fc.constantFrom(...Array.from(BASE62)), (text, at, letter) => {
        const index = at % text.length;
        fc.pre(text[index] !== letter);
        expect(parseKey(text.slice(0, index) + letter + text.slice(index + 1))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseKey(text)).toBeUndefined();
      }),
    );
    expect(parseKey('k'.repeat(1_000_000))).toBeUndefined();
  });

  it.each(['', 'k', 'Kl', '1k', 'k_l', 'abcdefghijklm'])('has no prefix %j', (bad) => {
    expect(() => composeKey(bad, 'aff', RANDOM)).toThrow(TypeError);
  });

  it('masks all but prefix, portal and hint', () => {
    expect(maskedKey('kl', 'aff', '9xYz')).toBe('kl_aff_…9xYz');
  });
});

describe('a text that holds a key', () => {
  it('is recognised wherever the key stands in it', () => {
    const around = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(around, key, around, (before, text, after) => {
        expect(containsKeyMaterial(before + text + after)).toBe(true);
      }),
    );
  });

  it.each([
    ['glued to letters', (text: string) => `mykeyis${text}thanks`],
    ['broken by a line feed', (text: string) => `${text.slice(0, 20)}\n${text.slice(20)}`],
    ['broken by zero-width spaces', (text: string) => text.split('').join('\u200B')],
    [
      'in full-width letters',
      (text: string) =>
        text.replace(/[!-~]/g, (c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0)),
    ],
    [
      'after another one with a wrong checksum',
      (text: string) => `kl_aff_${RANDOM}_000000 ${text}`,
    ],
  ])('is recognised when the key is %s', (_, written) => {
    expect(containsKeyMaterial(written(composeKey('kl', 'aff', RANDOM)))).toBe(true);
  });

  it.each([
    `http://127.0.0.1:7300/v1/share#${'aB3_-'.repeat(8)}xyz`,
    `klwh_101_2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11_${'aB3xY'.repeat(8)}xyz`,
  ])('is recognised when it is another of our secrets: %s', (secret) => {
    expect(containsKeyMaterial(`It was ${secret}, use the new one.`)).toBe(true);
    expect(containsKeyMaterial(`${secret.slice(0, 40)}\n${secret.slice(40)}`)).toBe(true);
    expect(containsKeyMaterial(secret.slice(0, -1))).toBe(false);
  });

  it('is not one with a wrong checksum, nor any other text', () => {
    expect(containsKeyMaterial(`kl_aff_${RANDOM}_000000`)).toBe(false);
    expect(containsKeyMaterial('kl_aff_…9xYz')).toBe(false);
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(containsKeyMaterial(text)).toBe(false);
      }),
    );
  });

  it('is searched in time that grows with its length only', () => {
    // Processor time: others on the machine take none of it.
    const began = process.cpuUsage();
    containsKeyMaterial(`abcdefghijkl_aff_${RANDOM}_000000`.repeat(20_000));
    expect(process.cpuUsage(began).user).toBeLessThan(5_000_000);
  });
});

describe('a text that is answered', () => {
  const KEY = composeKey('kl', 'aff', RANDOM);
  const CREDENTIAL = `klwh_101_2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11_${'aB3xY'.repeat(8)}xyz`;

  it('has a mask where a secret stood, and the rest of its words', () => {
    expect(withoutKeyMaterial(`there is no field "${KEY}" here, nor "${CREDENTIAL}"`)).toBe(
      `there is no field "${SECRET_MASK}" here, nor "${SECRET_MASK}"`,
    );
    expect(withoutKeyMaterial(`see https://x.example/share#${'aB3_-'.repeat(8)}xyz`)).toBe(
      `see https://x.example${SECRET_MASK}`,
    );
  });

  it.each([
    composePassphrase('3fk9wq0zx7m2a'),
    KEY.replace('_aff', '\n_aff'),
    JSON.stringify(KEY.replace('_aff', '\n_aff')),
    KEY.split('').join('\u200B'),
  ])('is a mask alone where a secret can not be cut out: %j', (secret) => {
    expect(withoutKeyMaterial(`there is no field ${secret} here`)).toBe(SECRET_MASK);
  });

  it('is left as it is without one', () => {
    for (const text of ['', 'there is no field "label" here', `kl_aff_${RANDOM}_000000`])
      expect(withoutKeyMaterial(text)).toBe(text);
  });
});

describe('the passphrase of a share', () => {
  const passphrase = fc
    .array(fc.constantFrom(...Array.from(PASSPHRASE_ALPHABET)), {
      minLength: PASSPHRASE_RANDOM_CHARS,
      maxLength: PASSPHRASE_RANDOM_CHARS,
    })
    .map((letters) => composePassphrase(letters.join('')));

  it('is four groups of four, and found however it is written down', () => {
    fc.assert(
      fc.property(passphrase, (text) => {
        expect(text).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/);
        for (const written of [
          text,
          text.toUpperCase(),
          text.replaceAll('-', ''),
          text.replaceAll('-', ' – '),
          text.replaceAll('-', '\n'),
          text.replaceAll('0', 'O').replaceAll('1', 'l'),
          text.replaceAll('-', '\u200B-'),
          text.replace(/[0-9a-z]/g, (letter) =>
            String.fromCodePoint(letter.charCodeAt(0) + 0xfee0),
          ),
          `call them and say ${text}, please`,
          `(${text})`,
        ])
          expect([written, containsKeyMaterial(written)]).toEqual([written, true]);
      }),
    );
  });

  it('is no longer one with any one character changed', () => {
    const text = composePassphrase('3fk9wq0zx7m2a');
    const found = Array.from(text, (_, at) => `${text.slice(0, at)}8${text.slice(at + 1)}`).filter(
      (other) => other !== text && containsKeyMaterial(other),
    );
    expect(found).toEqual([]);
  });

  it('is not taken for one in what people write', () => {
    for (const honest of [
      'this will take some time',
      'the manager asked for the weekly sub ID report again',
      'internationalize',
      '4111-1111-1111-1111',
      '2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11',
      'https://crm.example/deal/1234567890123456',
    ])
      expect([honest, containsKeyMaterial(honest)]).toEqual([honest, false]);
  });
});
