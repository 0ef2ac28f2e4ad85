/** 32 random bytes in base64url, or more: tokens of share links, secrets of webhook credentials, access tokens. */
const RUN = /[A-Za-z0-9_-]{43,}/g;
/** Random text has about 17 of 43 in each case; names of streams, ids and hashes have hardly any, or one case only. */
const LETTERS_OF_EACH_CASE_MIN = 5;

/**
 * Whether a text holds what looks like a credential. A search of the trail is itself kept for ever, so such a text must not
 * be searched for (API keys and passphrases are known by their own forms, see `clientText`).
 */
export function looksLikeCredential(text: string): boolean {
  return (text.match(RUN) ?? []).some(
    (run) =>
      run.replace(/[^A-Z]/g, '').length >= LETTERS_OF_EACH_CASE_MIN &&
      run.replace(/[^a-z]/g, '').length >= LETTERS_OF_EACH_CASE_MIN,
  );
}
