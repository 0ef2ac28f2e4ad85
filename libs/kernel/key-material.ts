/**
 * The written form of a key: `<prefix>_<portal code>_<random>_<checksum>`. It lies in the kernel because every text that a
 * client sends is searched for it (`clientText`), whatever context the text belongs to.
 */
export const PORTAL_CODES = ['aff', 'adv', 'net', 'mkt'] as const;
export type PortalCode = (typeof PORTAL_CODES)[number];

export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 36 characters are 214 bits: 190 stay unknown to whoever sees the hint, the last four characters of the checksum. */
export const KEY_RANDOM_CHARS = 36;
export const KEY_CHECKSUM_CHARS = 6;
export const KEY_HINT_CHARS = 4;
export const KEY_PREFIX_CHARS_MIN = 2;
export const KEY_PREFIX_CHARS_MAX = 12;
export const KEY_CHARS_MAX =
  KEY_PREFIX_CHARS_MAX + '_aff_'.length + KEY_RANDOM_CHARS + '_'.length + KEY_CHECKSUM_CHARS;

/** Crockford's base 32: no i, l, o, u. */
export const PASSPHRASE_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 65 bits. */
export const PASSPHRASE_RANDOM_CHARS = 13;
/** 15 bits, so that honest text of the same form is taken for a passphrase once in 32,768 times. */
const PASSPHRASE_CHECKSUM_CHARS = 3;
const PASSPHRASE_CHARS = PASSPHRASE_RANDOM_CHARS + PASSPHRASE_CHECKSUM_CHARS;
const PASSPHRASE_GROUP_CHARS = 4;

const PREFIX = /^[a-z][a-z0-9]{1,11}$/;
const KEY = /^([a-z][a-z0-9]{1,11})_(aff|adv|net|mkt)_([0-9A-Za-z]{36})_([0-9A-Za-z]{6})$/;
const TAIL = /_(?:aff|adv|net|mkt)_[0-9A-Za-z]{36}_[0-9A-Za-z]{6}/g;

/** Four groups of four or one of sixteen, whatever stands between them; looked for at each beginning of a word. */
const PASSPHRASE_FORM =
  /(?<![0-9a-z])(?=([0-9a-z]{4}(?:[^0-9a-z]{1,3}[0-9a-z]{4}){3}|[0-9a-z]{16})(?![0-9a-z]))/g;

/** The link of a share, and the credential of a network's webhooks. */
const LINK_OR_CREDENTIAL =
  /\/share#[\w-]{43}|klwh_[1-9]\d{0,15}_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9A-Za-z]{43}/;

/** What stands where a secret stood in a text that is answered. */
export const SECRET_MASK = '[redacted]';
const WHOLE_KEY = /[a-z][a-z0-9]{1,11}_(?:aff|adv|net|mkt)_[0-9A-Za-z]{36}_[0-9A-Za-z]{6}/g;
const WHOLE_LINK_OR_CREDENTIAL = new RegExp(LINK_OR_CREDENTIAL, 'g');
/** As JSON and GraphQL write white space and control characters within quotes. */
const ESCAPED_SPACE = /\\(?:[bfnrt]|u00[01][0-9a-f])/gi;

export interface ParsedKey {
  readonly prefix: string;
  readonly portalCode: PortalCode;
  /** The last characters of the key, for lists. */
  readonly hint: string;
}

/** Lower-case letters and digits, a letter first, 2 to 12 characters. */
export function isKeyPrefix(value: string): boolean {
  return PREFIX.test(value);
}

/** @throws {TypeError} the parts are not those of a key; the message holds none of them. */
export function composeKey(prefix: string, portalCode: PortalCode, random: string): string {
  if (!PREFIX.test(prefix)) throw new TypeError('not a key prefix');
  if (!/^[0-9A-Za-z]{36}$/.test(random)) throw new TypeError('not the random part of a key');
  const body = `${prefix}_${portalCode}_${random}`;
  return `${body}_${checksum(body)}`;
}

/** `undefined`: junk, refused without a look-up. */
export function parseKey(text: string): ParsedKey | undefined {
  if (text.length > KEY_CHARS_MAX) return undefined;
  const match = KEY.exec(text);
  const [, prefix, portalCode] = match ?? [];
  if (prefix === undefined || portalCode === undefined) return undefined;
  if (!hasRightChecksum(text)) return undefined;
  return { prefix, portalCode: portalCode as PortalCode, hint: text.slice(-KEY_HINT_CHARS) };
}

/**
 * A share's passphrase, `xxxx-xxxx-xxxx-xxxx`: the last three characters are a checksum of the others, so that one which
 * is pasted where it does not belong is known.
 *
 * @throws {TypeError} not the random part; the message does not hold it.
 */
export function composePassphrase(random: string): string {
  if (!/^[0-9a-hjkmnp-tv-z]{13}$/.test(random))
    throw new TypeError('not the random part of a passphrase');
  const text = random + passphraseChecksum(random);
  return (text.match(new RegExp(`.{${String(PASSPHRASE_GROUP_CHARS)}}`, 'g')) ?? []).join('-');
}

/** As people write down what was read out to them. */
export function normalizedPassphrase(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s\p{Pd}]/gu, '')
    .replaceAll('o', '0')
    .replace(/[il]/g, '1');
}

/**
 * Whether a key of any network's prefix, the link or passphrase of a share, or the credential of a webhook stands anywhere
 * in the text, also when it is glued to other characters, written in full-width letters, or broken by white space or
 * invisible characters (a passphrase: between its groups).
 */
export function containsKeyMaterial(text: string): boolean {
  if (text.length < PASSPHRASE_CHARS) return false;
  const seen = text.normalize('NFKC').replace(/\p{Cf}+/gu, '');
  return (
    holdsPassphrase(seen) || LINK_OR_CREDENTIAL.test(seen.replace(/\s+/g, '')) || containsKey(text)
  );
}

/**
 * The text with `SECRET_MASK` for each secret that `containsKeyMaterial` knows, and instead of all of it where one can't
 * be cut out: for what an answer says about a client's own words, names of fields above all.
 */
export function withoutKeyMaterial(text: string): string {
  if (!holdsMaterial(text)) return text;
  const masked = text
    .replace(WHOLE_KEY, SECRET_MASK)
    .replace(WHOLE_LINK_OR_CREDENTIAL, SECRET_MASK);
  return holdsMaterial(masked) ? SECRET_MASK : masked;
}

const holdsMaterial = (text: string): boolean =>
  containsKeyMaterial(text) || containsKeyMaterial(text.replace(ESCAPED_SPACE, ''));

/** As `containsKeyMaterial`, for keys alone, whose form no other text has: for what must not be stored, whoever wrote it. */
export function containsKey(text: string): boolean {
  if (text.length < KEY_RANDOM_CHARS) return false;
  const folded = text.normalize('NFKC').replace(/[\s\p{Cf}\p{Cc}]+/gu, '');
  return holdsKey(text) || (folded !== text && holdsKey(folded));
}

function holdsPassphrase(text: string): boolean {
  for (const [, found = ''] of text.toLowerCase().matchAll(PASSPHRASE_FORM)) {
    const passphrase = normalizedPassphrase(found.replace(/[^0-9a-z]+/g, ''));
    const random = passphrase.slice(0, PASSPHRASE_RANDOM_CHARS);
    if (passphrase.slice(PASSPHRASE_RANDOM_CHARS) === passphraseChecksum(random)) return true;
  }
  return false;
}

function passphraseChecksum(random: string): string {
  let rest = crc32(`passphrase ${random}`);
  let digits = '';
  for (let place = 0; place < PASSPHRASE_CHECKSUM_CHARS; place += 1) {
    digits = PASSPHRASE_ALPHABET.charAt(rest % PASSPHRASE_ALPHABET.length) + digits;
    rest = Math.floor(rest / PASSPHRASE_ALPHABET.length);
  }
  return digits;
}

function holdsKey(text: string): boolean {
  for (const match of text.matchAll(TAIL)) {
    for (let length = KEY_PREFIX_CHARS_MIN; length <= KEY_PREFIX_CHARS_MAX; length += 1) {
      const start = match.index - length;
      if (start < 0) break;
      if (!PREFIX.test(text.slice(start, match.index))) continue;
      if (hasRightChecksum(text.slice(start, match.index) + match[0])) return true;
    }
  }
  return false;
}

/** How a key is shown in lists: `kl_aff_…9xYz`. */
export function maskedKey(prefix: string, portalCode: PortalCode, hint: string): string {
  return `${prefix}_${portalCode}_…${hint}`;
}

function hasRightChecksum(key: string): boolean {
  const cut = key.length - KEY_CHECKSUM_CHARS;
  return checksum(key.slice(0, cut - 1)) === key.slice(cut);
}

/** CRC-32 (IEEE) of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** In base62, padded to six characters. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < KEY_CHECKSUM_CHARS; place += 1) {
    digits = BASE62.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
