import { isSecureUrl } from '#access';
import { clientText, DomainError } from '#kernel';
import type { PartnerUserIdentity } from '../domain/partner.value.js';

export const ISSUER_CHARACTERS_MAX = 500;
/** As OpenID Connect bounds a subject. */
export const SUBJECT_CHARACTERS_MAX = 255;

/** The subject stays as it was given: another form of it, which reads the same, is somebody else to the issuer. */
export function checkedIdentity({ issuer, subject }: PartnerUserIdentity): PartnerUserIdentity {
  clientText(subject, { max: SUBJECT_CHARACTERS_MAX, field: '/subject' });
  return {
    issuer: clientText(issuer, { max: ISSUER_CHARACTERS_MAX, field: '/issuer' }),
    subject,
  };
}

/**
 * Of a user who is linked: with an issuer that is none, no token would ever fit, and nobody would know why.
 *
 * @throws {DomainError} `request/invalid`
 */
export function linkedIdentity(given: PartnerUserIdentity): PartnerUserIdentity {
  const identity = checkedIdentity(given);
  if (!isSecureUrl(identity.issuer))
    throw new DomainError('request/invalid', {
      errors: [
        {
          pointer: '/issuer',
          problem: 'must be an https URL, as it stands in the `iss` of the access tokens',
        },
      ],
    });
  return identity;
}
