export const AUDIT_WORDS_MAX = 64;
export const AUDIT_WORD_CHARACTERS_MAX = 64;
const SEARCHED_CHARACTERS_MAX = 4_096;
const ASCII = /^[\0-\x7f]*$/;
const NOT_AN_ASCII_WORD = /[^a-z0-9]+/;
/** An id is one word. Its groups would be five that nobody asks for, in an index that has to hold them all. */
const ID = /\b([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\b/g;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NOT_A_WORD = /[^\p{L}\p{N}]+/u;

/** The words by which texts are found, and that a query is made of: lower case, letters and digits only. */
export function auditWords(texts: readonly string[]): string[] {
  const text = texts.map((one) => one.slice(0, SEARCHED_CHARACTERS_MAX)).join(' ');
  const parts = ASCII.test(text)
    ? text.toLowerCase().replace(ID, '$1$2$3$4$5').split(NOT_AN_ASCII_WORD)
    : text.normalize('NFC').toLowerCase().replace(ID, '$1$2$3$4$5').split(NOT_A_WORD);
  const words = new Set<string>();
  for (const word of parts) {
    if (words.size === AUDIT_WORDS_MAX) break;
    if (word.length > AUDIT_WORD_CHARACTERS_MAX)
      words.add(Array.from(word).slice(0, AUDIT_WORD_CHARACTERS_MAX).join(''));
    else if (word !== '') words.add(word);
  }
  return [...words];
}

/** `KeyRevoked`: as one word, and as the words that it is made of. */
export function wordsOfType(type: string): string {
  return `${type} ${type.replace(/(?=[A-Z])/g, ' ')}`;
}

/** Adds all texts in a JSON value but times, which have a filter of their own. */
export function addTexts(value: unknown, texts: string[]): void {
  if (typeof value === 'string') {
    if (!ISO_TIME.test(value)) texts.push(value);
  } else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) addTexts(one, texts);
}
