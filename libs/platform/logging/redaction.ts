/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

interface SecretShape {
  readonly pattern: RegExp;
  readonly replacement: string | ((found: string) => string);
}

/** Of fields, parameters and headers whose value is a secret. */
const NAMES =
  'authorization|cookie|set-cookie|x-eflow-api-key|x-keyledger-webhook-credential|credential|password|passphrase|secret|' +
  'token|access_?token|refresh_?token|id_?token|client_?secret|device_?code|code_?verifier|api_?key|wrapping_?key';

/**
 * Every secret that passes through this product has a shape, and the shapes are replaced in whole lines: whatever object,
 * error or URL it hides in, it does not reach a log. Each takes time in proportion to the line: strangers choose its text.
 */
const SHAPES: readonly SecretShape[] = [
  // API keys, any prefix.
  {
    pattern: /[a-z][a-z0-9]{1,11}_(?:aff|adv|net|mkt)_[0-9A-Za-z]{20,}(?:_[0-9A-Za-z]{1,6})?/g,
    replacement: REDACTED,
  },
  // Webhook credentials.
  { pattern: /klwh_[0-9A-Za-z_-]{8,}/g, replacement: REDACTED },
  // JSON Web Tokens, in words with a dot.
  {
    pattern: /(?<![0-9A-Za-z_-])[0-9A-Za-z_-]+\.[0-9A-Za-z_.-]+/g,
    replacement: withoutToken,
  },
  // Credentials after their scheme.
  { pattern: /\b(Bearer|Basic)\s+[0-9A-Za-z+/=._~-]{4,}/gi, replacement: `$1 ${REDACTED}` },
  // Passwords in connection strings, also with an @ that should have been encoded.
  {
    pattern: /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"\\]*):[^\s/"\\]+@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  // Parameters of URLs, and `name=value` in messages.
  {
    pattern: new RegExp(`(\\b(?:${NAMES})=)[^&\\s"\\\\]+`, 'gi'),
    replacement: `$1${REDACTED}`,
  },
  // Tokens of share links.
  { pattern: /(\/share#)[0-9A-Za-z_-]+/g, replacement: `$1${REDACTED}` },
  // Fields whose names say it, in JSON lines…
  {
    pattern: new RegExp(`("(?:${NAMES})"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi'),
    replacement: `$1"${REDACTED}"`,
  },
  // …and in JSON that stands in a text of such a line.
  {
    pattern: new RegExp(
      `(\\\\"(?:${NAMES})\\\\"\\s*:\\s*\\\\")(?:[^"\\\\]|\\\\\\\\(?:\\\\["\\\\]|[^"\\\\]))*`,
      'gi',
    ),
    replacement: `$1${REDACTED}`,
  },
];

export function redactSecrets(text: string): string {
  let redacted = text;
  for (const { pattern, replacement } of SHAPES)
    redacted =
      typeof replacement === 'string'
        ? redacted.replace(pattern, replacement)
        : redacted.replace(pattern, replacement);
  return redacted;
}

/** What a token begins with (`{"` in base64url), and how long its first part is at least. */
const TOKEN_START = 'eyJ';
const TOKEN_HEADER_CHARACTERS_MIN = 11;

function withoutToken(word: string): string {
  for (let start = word.indexOf(TOKEN_START); start >= 0;) {
    const dot = word.indexOf('.', start);
    if (dot < 0) return word;
    if (dot - start >= TOKEN_HEADER_CHARACTERS_MIN) return word.slice(0, start) + REDACTED;
    // What begins later in the same part is shorter still.
    start = word.indexOf(TOKEN_START, dot);
  }
  return word;
}
