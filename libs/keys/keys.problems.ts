import type { ProblemSection } from '#problems';
import type { KeysErrorCode } from './domain/key-ring.errors.js';

/** A link that is guessed, unknown or of another network is answered like one that never was. */
export const keysProblems: ProblemSection<KeysErrorCode> = {
  'keys/key-not-found': {
    status: 404,
    title: 'No such key',
    detail: 'This network has no key of this id.',
  },
  'keys/holder-not-found': {
    status: 404,
    title: 'No such holder',
    detail: 'This network has no holder of this type and id. Register the partner first.',
  },
  'keys/holder-not-of-portal': {
    status: 422,
    title: 'Holder and portal do not belong together',
    detail: 'One key is one portal and one holder: choose the holder type that the details name.',
  },
  'keys/permissions-not-allowed': {
    status: 422,
    title: 'Only network keys carry permissions',
    detail: 'Leave out permissions and employee: a key of this portal is scoped to its holder.',
  },
  'keys/employee-not-found': {
    status: 422,
    title: 'No such employee',
    detail: 'A network key names the employee who uses it: name one of this network.',
  },
  'keys/partner-not-eligible': {
    status: 409,
    title: 'The partner is not eligible for a key',
    detail:
      'The details hold the verdict: mend what blocks, or let the traits reach the threshold.',
  },
  'keys/active-keys-limit': {
    status: 409,
    title: 'The holder has as many keys as it may have',
    detail: 'Revoke a key of this holder first, or revoke and reissue one in a single step.',
  },
  'keys/holder-suspended': {
    status: 409,
    title: 'The holder is suspended',
    detail: 'This holder is suspended, with whatever keys it has: reinstate the holder first.',
  },
  'keys/expiry-not-in-future': {
    status: 422,
    title: 'The expiry is not in the future',
    detail: 'Choose an expiry after now, or none.',
  },
  'keys/key-revoked': {
    status: 409,
    title: 'The key is revoked',
    detail: 'Revocation is final. Issue a fresh key.',
  },
  'keys/key-expired': {
    status: 409,
    title: 'The key has expired',
    detail: 'Expiry is final. Issue a fresh key.',
  },
  'keys/key-suspended': {
    status: 409,
    title: 'The key is suspended',
    detail: 'Reinstate the key first.',
  },
  'keys/secret-not-recoverable': {
    status: 409,
    title: 'The secret cannot be shown again',
    detail: 'Keys of this portal are kept as a hash only. Revoke this one and issue a fresh key.',
  },
  'keys/secret-destroyed': {
    status: 409,
    title: 'The secret is gone',
    detail: 'The sealed secret of this key no longer exists. Revoke the key and issue a fresh one.',
  },
  'keys/wrapping-key-missing': {
    status: 503,
    title: 'Secrets cannot be opened now',
    detail:
      'The wrapping key of this ledger is missing or is another one. Everything that needs no secret works, but for webhooks; the operator must restore the key.',
    retryAfterSeconds: 60,
  },
  'keys/share-not-found': {
    status: 404,
    title: 'No such share',
    detail: 'This network has no share of this id.',
  },
  'keys/share-link-invalid': {
    status: 404,
    title: 'This link opens nothing',
    detail: 'Check that the link was copied whole, or ask the sender for a new one.',
  },
  'keys/share-expiry-out-of-bounds': {
    status: 422,
    title: 'The expiry of the share is out of bounds',
    detail: 'Choose an expiry after now and within the bound that the details name.',
  },
  'keys/share-already-opened': {
    status: 410,
    title: 'This link was already opened',
    detail:
      'A link opens once. If it was not you, tell the sender at once: the key must be revoked.',
  },
  'keys/share-expired': {
    status: 410,
    title: 'This link has expired',
    detail: 'Ask the sender for a new one.',
  },
  'keys/share-ended': {
    status: 410,
    title: 'This link was withdrawn',
    detail: 'Ask the sender for a new one.',
  },
  'keys/share-wrong-passphrase': {
    status: 403,
    title: 'Wrong passphrase',
    detail: 'After five wrong tries the link ends.',
  },
  'keys/share-other-user': {
    status: 403,
    title: 'This link is for somebody else',
    detail: 'Sign in as the user that the link was made for.',
  },
  'keys/share-recipient-unknown': {
    status: 422,
    title: 'The recipient cannot open this share',
    detail:
      'A share that is bound to users needs a user linked to the partner that holds the key. Link one, or bind the share to a passphrase; those of marketplace keys are always bound to one.',
  },
  'keys/marketplace-secrets-not-listed': {
    status: 409,
    title: 'This network lists no secrets',
    detail: 'The key policy of the network shows a marketplace partner masked keys only.',
  },
};
