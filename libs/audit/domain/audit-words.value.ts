import { isUuid } from '#kernel';

/** Of one event: more than its texts can hold, each of them bounded where it comes in. */
export const AUDIT_WORDS_MAX = 1_024;
export const AUDIT_WORD_CHARACTERS_MAX = 64;
const SEARCHED_CHARACTERS_MAX = 4_096;
const FEW_WORDS = 24;
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
 * @param first a word that comes before those of the texts.
 */
export function auditWords(texts: readonly string[], first?: string): string[] {
  const words = new Words(first);
  for (const one of texts) {
    if (words.isFull) break;
    const text = one.length > SEARCHED_CHARACTERS_MAX ? one.slice(0, SEARCHED_CHARACTERS_MAX) : one;
    if (NOT_ASCII.test(text)) addWords(text.normalize('NFC').toLowerCase(), words);
    else addAsciiWords(text.toLowerCase(), words);
  }
  return words.all;
}

/** Each once, in the order in which they came. */
class Words {
  readonly all: string[];
  /** Of a few, looking through them is quicker. */
  #many: Set<string> | undefined;

  constructor(first: string | undefined) {
    this.all = first === undefined ? [] : [first];
  }

  get isFull(): boolean {
    return this.all.length >= AUDIT_WORDS_MAX;
  }

  add(whole: string): void {
    if (whole === '' || this.isFull) return;
    const word =
      whole.length > AUDIT_WORD_CHARACTERS_MAX
        ? Array.from(whole).slice(0, AUDIT_WORD_CHARACTERS_MAX).join('')
        : whole;
    if (this.all.length < FEW_WORDS) {
      if (this.all.includes(word)) return;
    } else {
      this.#many ??= new Set(this.all);
      if (this.#many.has(word)) return;
      this.#many.add(word);
    }
    this.all.push(word);
  }
}

function addWords(lower: string, words: Words): void {
  for (const word of withIdsJoined(lower).split(NOT_A_WORD)) words.add(word);
}

/** As `addWords`, for texts that need no table of letters: nearly all. */
function addAsciiWords(lower: string, words: Words): void {
  // Most that hold an id are one.
  if (lower.length === ID_CHARACTERS && isUuid(lower)) {
    words.add(lower.replaceAll('-', ''));
    return;
  }
  const text = withIdsJoined(lower);
  let from = 0;
  for (let at = 0; at < text.length; at += 1)
    if (!IN_ASCII_WORD[text.charCodeAt(at)]) {
      if (at > from) words.add(text.slice(from, at));
      from = at + 1;
    }
  if (from < text.length) words.add(text.slice(from));
}

const IN_ASCII_WORD = Array.from({ length: LAST_ASCII + 1 }, (_, code) =>
  /[a-z0-9]/.test(String.fromCharCode(code)),
);

const withIdsJoined = (lower: string): string =>
  lower.length >= ID_CHARACTERS && lower.includes('-') ? lower.replace(ID, '$1$2$3$4$5') : lower;

/** `KeyRevoked`, of which a search finds the beginning: the only word of an event's type that the index has to hold. */
export const wordOfType = (type: string): string => type.toLowerCase();

/** The types with a word after the first that begins like that: `revo` is found as `keyrevoked`. */
export function typesWithWord(types: readonly string[], beginning: string): readonly string[] {
  return types.filter((type) =>
    type
      .split(/(?=[A-Z])/)
      .slice(1)
      .some((word) => word.toLowerCase().startsWith(beginning)),
  );
}

/** Adds all texts in a JSON value but times, which have a filter of their own, and `except`. */
export function addTexts(value: unknown, texts: string[], except?: string): void {
  if (typeof value === 'string') {
    if (value !== except && !ISO_TIME.test(value)) texts.push(value);
  } else if (Array.isArray(value)) for (const one of value) addTexts(one, texts, except);
  else if (typeof value === 'object' && value !== null)
    for (const name in value)
      addTexts((value as Readonly<Record<string, unknown>>)[name], texts, except);
}

const ID_WORD = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** The id that became this word; `undefined`: it was none. */
export function idOfWord(word: string): string | undefined {
  return ID_WORD.test(word) ? word.replace(ID_WORD, '$1-$2-$3-$4-$5') : undefined;
}
