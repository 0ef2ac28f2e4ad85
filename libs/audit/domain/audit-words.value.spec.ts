import { describe, expect, it } from '@jest/globals';
import {
  AUDIT_WORD_CHARACTERS_MAX,
  AUDIT_WORDS_MAX,
  auditWords,
  typesWithWord,
} from './audit-words.value.js';

describe('the words of the audit trail', () => {
  it('are all the words of the longest texts that people may write', () => {
    const note = Array.from({ length: 250 }, (_, n) => `w${String(n)}`).join(' ');
    expect(note.length).toBeGreaterThan(1_000);
    expect(auditWords([note, note.toUpperCase()])).toEqual(note.split(' '));
  });

  it('are letters and digits in lower case, whatever stands between them', () => {
    expect(auditWords(["Old's LABEL", 'Über-Dashboard', 'a_b/c'])).toEqual([
      'old',
      's',
      'label',
      'über',
      'dashboard',
      'a',
      'b',
      'c',
    ]);
  });

  it('keep an id together, alone and within a text', () => {
    const id = '2F9D1C64-7C35-5B1E-9A55-0D9F5F0C7A11';
    const word = '2f9d1c647c355b1e9a550d9f5f0c7a11';
    expect(auditWords([id])).toEqual([word]);
    expect(auditWords([`key ${id}, and é ${id}`])).toEqual(['key', word, 'and', 'é']);
  });

  it('are bounded in number and length', () => {
    const many = Array.from({ length: 2 * AUDIT_WORDS_MAX }, (_, n) => `w${String(n)}`);
    expect(auditWords(many)).toHaveLength(AUDIT_WORDS_MAX);
    expect(auditWords(['x'.repeat(2 * AUDIT_WORD_CHARACTERS_MAX)])).toEqual([
      'x'.repeat(AUDIT_WORD_CHARACTERS_MAX),
    ]);
  });

  it('of types are found by the beginning of any but the first, which the type itself begins with', () => {
    const types = ['KeyRevoked', 'KeyRevealed', 'NetworkKeyPolicySet'];
    expect(typesWithWord(types, 'rev')).toEqual(['KeyRevoked', 'KeyRevealed']);
    expect(typesWithWord(types, 'key')).toEqual(['NetworkKeyPolicySet']);
    expect(typesWithWord(types, 'keyre')).toEqual([]);
  });
});
