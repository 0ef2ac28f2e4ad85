import { isUuid } from '#kernel';

/** Of one event: more than its texts can hold, each of them bounded where it comes in. */
export const AUDIT_WORDS_MAX = 1_024;
export const AUDIT_WORD_CHARACTERS_MAX = 64;
const SEARCHED_CHARACTERS_MAX = 4_096;
/** An id is one word. Its groups would be five that nobody asks for, in an index that has to hold them all. */
const ID = /\b([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\b/g;
const ID_CHARACTERS = 36;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NOT_ASCII = /[^\0-\x7f]/;
const NOT_A_WORD = /[^\p{L}\p{N}]+/u;
const LAST_ASCII = 0x7f;

/**
 * The words by which texts are found, and that a query is made of: lower case, letters and digits only.
 *
 * @param first words that come before those of the texts.
 */
export function auditWords(texts: readonly string[], first: readonly string[] = []): string[] {
  const words = new Set(first);
  for (const one of texts) {
    if (words.size === AUDIT_WORDS_MAX) break;
    const text = one.length > SEARCHED_CHARACTERS_MAX ? one.slice(0, SEARCHED_CHARACTERS_MAX) : one;
    if (NOT_ASCII.test(text)) addWords(text.normalize('NFC').toLowerCase(), words);
    else addAsciiWords(text.toLowerCase(), words);
  }
  return [...words];
}

function addWords(lower: string, words: Set<string>): void {
  for (const word of joinedIds(lower).split(NOT_A_WORD)) add(word, words);
}

/** As `addWords`, for texts that need no table of letters: nearly all. */
function addAsciiWords(lower: string, words: Set<string>): void {
  const text = joinedIds(lower);
  let from = 0;
  for (let at = 0; at < text.length; at += 1)
    if (!IN_ASCII_WORD[text.charCodeAt(at)]) {
      if (at > from) add(text.slice(from, at), words);
      from = at + 1;
    }
  if (from < text.length) add(text.slice(from), words);
}

const IN_ASCII_WORD = Array.from({ length: LAST_ASCII + 1 }, (_, code) =>
  /[a-z0-9]/.test(String.fromCharCode(code)),
);

/** Most that hold an id are one. */
const joinedIds = (lower: string): string =>
  lower.length === ID_CHARACTERS && isUuid(lower)
    ? lower.replaceAll('-', '')
    : withIdsJoined(lower);

const withIdsJoined = (lower: string): string =>
  lower.length >= ID_CHARACTERS && lower.includes('-') ? lower.replace(ID, '$1$2$3$4$5') : lower;

function add(word: string, words: Set<string>): void {
  if (word === '' || words.size === AUDIT_WORDS_MAX) return;
  words.add(
    word.length > AUDIT_WORD_CHARACTERS_MAX
      ? Array.from(word).slice(0, AUDIT_WORD_CHARACTERS_MAX).join('')
      : word,
  );
}

/** `KeyRevoked`: as one word, of which a search finds the beginning, and the words after the first. */
export function wordsOfType(type: string): readonly string[] {
  let words = WORDS_OF_TYPES.get(type);
  if (!words) {
    const [, ...others] = type.split(/(?=[A-Z])/);
    WORDS_OF_TYPES.set(type, (words = auditWords([type, ...others])));
  }
  return words;
}

/** There are as many types as the catalogue has. */
const WORDS_OF_TYPES = new Map<string, readonly string[]>();

/** Adds all texts in a JSON value but times, which have a filter of their own. */
export function addTexts(value: unknown, texts: string[]): void {
  if (typeof value === 'string') {
    if (!ISO_TIME.test(value)) texts.push(value);
  } else if (Array.isArray(value)) for (const one of value) addTexts(one, texts);
  else if (typeof value === 'object' && value !== null)
    for (const name in value) addTexts((value as Readonly<Record<string, unknown>>)[name], texts);
}
