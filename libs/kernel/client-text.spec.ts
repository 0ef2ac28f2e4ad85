import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertNoKeyMaterial, clientText } from './client-text.js';
import { DomainError } from './domain-error.js';
import { composeKey, composePassphrase } from './key-material.js';

const KEY = composeKey('kl', 'aff', '0123456789ABCDEFGHIJabcdefghijklmnop');
const PASSPHRASE = composePassphrase('3fk9wq0zx7m2a');

function refusalOf(value: unknown, multiline = false): unknown {
  try {
    return clientText(value, { max: 100, multiline });
  } catch (error) {
    if (error instanceof DomainError) {
      expect(error.code).toBe('request/text-not-allowed');
      expect(JSON.stringify(error.details)).not.toContain('secret');
      return error.details['reason'];
    }
    throw error;
  }
}

describe('a text of a client', () => {
  it('is kept in NFC, trimmed', () => {
    expect(clientText('  Cafe\u0301 ', { max: 4 })).toBe('Caf\u00e9');
    expect(clientText('مرحبا \u200F!', { max: 10 })).toBe('مرحبا \u200F!');
  });

  it('may join emoji and letters by what is not seen itself', () => {
    for (const honest of ['👩‍👩‍👧', '❤️', '🏳️‍🌈', 'می‌خواهم', 'क्‍ष', '1️⃣', 'so\u00ADft'])
      expect(clientText(honest, { max: 10 })).toBe(honest.normalize('NFC'));
  });

  it.each([
    ['a\u0000b', 'control-character'],
    ['a\u0007b', 'control-character'],
    ['a\u0085b', 'control-character'],
    ['a\nb', 'control-character'],
    ['a\u2028b', 'control-character'],
    ['a\u{E0041}b', 'control-character'],
    ['a\u202Eb', 'direction-override'],
    ['a\u2066b', 'direction-override'],
    ['a\uD800b', 'lone-surrogate'],
    ['', 'empty'],
    ['   ', 'empty'],
    ['\u200B', 'empty'],
    ['\u200D\u2060\u00AD', 'empty'],
    ['\u2800\u2800', 'empty'],
    ['\u3164', 'empty'],
    ['\u115F\u1160 \uFFA0', 'empty'],
    ['\uFE0F\u034F', 'empty'],
    ['\u200E \u200F', 'empty'],
    ['\u{1D159}', 'empty'],
    ['x'.repeat(101), 'too-long'],
    ['x'.repeat(100_000), 'too-long'],
    [`secret ${KEY}`, 'key-material'],
    [`secret ${PASSPHRASE}`, 'key-material'],
    [7, 'not-text'],
    [undefined, 'not-text'],
    [{ toString: () => 'text' }, 'not-text'],
  ])('%j is refused: %s', (value, reason) => {
    expect(refusalOf(value)).toBe(reason);
  });

  it('may have lines where it is a note, and still no other control character', () => {
    expect(clientText('one\n\ttwo', { max: 100, multiline: true })).toBe('one\n\ttwo');
    expect(refusalOf('a\rb', true)).toBe('control-character');
    expect(refusalOf('a\u0000b', true)).toBe('control-character');
    expect(refusalOf('a\u2029b', true)).toBe('control-character');
  });

  it('names the field and the bound it broke', () => {
    expect(() => clientText('abc', { max: 2, field: 'label' })).toThrow(
      expect.objectContaining({ details: { reason: 'too-long', field: 'label', max: 2 } }),
    );
  });

  it('that is accepted is accepted unchanged the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => {
        let text: string;
        try {
          text = clientText(value, { max: 100 });
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          return;
        }
        expect(clientText(text, { max: 100 })).toBe(text);
      }),
    );
  });

  it('holds no key, and assertNoKeyMaterial says so alone', () => {
    expect(() => {
      assertNoKeyMaterial(`x ${KEY}`);
    }).toThrow(DomainError);
    expect(() => {
      assertNoKeyMaterial('kl_aff_…mnop');
    }).not.toThrow();
  });
});
