import { clientText } from '#kernel';
import type { PartnerUserIdentity } from '../domain/partner.value.js';

export const ISSUER_CHARACTERS_MAX = 500;
/** As OpenID Connect bounds a subject. */
export const SUBJECT_CHARACTERS_MAX = 255;

export function checkedIdentity({ issuer, subject }: PartnerUserIdentity): PartnerUserIdentity {
  return {
    issuer: clientText(issuer, { max: ISSUER_CHARACTERS_MAX, field: '/issuer' }),
    subject: clientText(subject, { max: SUBJECT_CHARACTERS_MAX, field: '/subject' }),
  };
}
