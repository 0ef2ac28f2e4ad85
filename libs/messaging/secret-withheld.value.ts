/**
 * Why the answer to a retry lacks the secret that the first answer showed: it is shown once, as a hash of it is kept only
 * or its link opens once; a day has passed; its key is suspended; its key is revoked or expired, or what was sealed is gone.
 */
export const SECRET_WITHHELD = [
  'inFirstAnswerOnly',
  'retryTooLate',
  'keySuspended',
  'secretDestroyed',
] as const;
export type SecretWithheld = (typeof SECRET_WITHHELD)[number];

export const SECRET_WITHHELD_DESCRIPTION =
  'Why a retry under the same Idempotency-Key is answered without the secret; null in the first answer. inFirstAnswerOnly: it is shown once. retryTooLate: the first answer is older than a day. keySuspended, secretDestroyed: what became of the key since.';
