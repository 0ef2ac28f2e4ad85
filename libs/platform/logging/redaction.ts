/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

interface SecretShape {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/**
 * Every secret that passes through this product has a shape, and the shapes are replaced in whole lines: whatever object,
 * error or URL it hides in, it does not reach a log.
 */
const SHAPES: readonly SecretShape[] = [
  // API keys, any prefix.
  {
    pattern: /[a-z][a-z0-9]{1,11}_(?:aff|adv|net|mkt)_[0-9A-Za-z]{20,}(?:_[0-9A-Za-z]{1,6})?/g,
    replacement: REDACTED,
  },
  // Webhook credentials.
  { pattern: /klwh_[0-9A-Za-z_-]{8,}/g, replacement: REDACTED },
  // JSON Web Tokens.
  {
    pattern: /eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{4,}(?:\.[0-9A-Za-z_-]*)?/g,
    replacement: REDACTED,
  },
  // Credentials after their scheme.
  { pattern: /\b(Bearer|Basic)\s+[0-9A-Za-z+/=._~-]{4,}/gi, replacement: `$1 ${REDACTED}` },
  // Passwords in connection strings.
  {
    pattern: /([a-z][a-z0-9+.-]*:\/\/[^\s:/@"\\]*):[^\s/@"\\]+@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  // Tokens of share links.
  { pattern: /(\/share#)[0-9A-Za-z_-]+/g, replacement: `$1${REDACTED}` },
  // Fields whose names say it, in JSON lines.
  {
    pattern:
      /("(?:authorization|cookie|set-cookie|x-eflow-api-key|x-keyledger-webhook-credential|password|passphrase|secret|token|access_token|refresh_token|id_token|client_secret|apiKey|api_key|wrappingKey)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi,
    replacement: `$1"${REDACTED}"`,
  },
];

export function redactSecrets(text: string): string {
  let redacted = text;
  for (const { pattern, replacement } of SHAPES) redacted = redacted.replace(pattern, replacement);
  return redacted;
}
