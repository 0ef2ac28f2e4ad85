export const AUDIT_WORDS_MAX = 64;
export const AUDIT_WORD_CHARACTERS_MAX = 64;
const SEARCHED_CHARACTERS_MAX = 4_096;
const NOT_A_WORD = /[^\p{L}\p{N}]+/u;

/** The words by which a text is found, and that a query is made of: lower case, letters and digits only. */
export function auditWords(texts: Iterable<string>): string[] {
  const words = new Set<string>();
  for (const text of texts)
    for (const word of text
      .slice(0, SEARCHED_CHARACTERS_MAX)
      .normalize('NFC')
      .toLowerCase()
      .split(NOT_A_WORD)) {
      if (words.size === AUDIT_WORDS_MAX) return [...words];
      if (word !== '') words.add(Array.from(word).slice(0, AUDIT_WORD_CHARACTERS_MAX).join(''));
    }
  return [...words];
}

/** `KeyRevoked`: as one word, and as the words that it is made of. */
export function wordsOfType(type: string): string[] {
  return [type, ...type.split(/(?=[A-Z])/)];
}

/** All texts in a JSON value. */
export function* textsIn(value: unknown): Iterable<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) yield* textsIn(one);
}
