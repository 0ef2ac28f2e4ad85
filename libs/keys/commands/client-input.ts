import { clientText, DomainError, instantOf } from '#kernel';
import type { IsoTime } from '#kernel';
import {
  KEY_PERMISSION_CHARACTERS_MAX,
  KEY_PERMISSIONS_MAX,
  LABEL_CHARACTERS_MAX,
  NOTE_CHARACTERS_MAX,
  REASON_CHARACTERS_MAX,
} from '../domain/key-text.value.js';
import { refuse } from './key-ring-decisions.js';

export const labelText = (value: string): string =>
  clientText(value, { max: LABEL_CHARACTERS_MAX, field: '/label' });

export const reasonText = (value: string): string =>
  clientText(value, { max: REASON_CHARACTERS_MAX, field: '/reason' });

export const noteText = (value: string | undefined): string | null =>
  value === undefined || value.trim() === ''
    ? null
    : clientText(value, { max: NOTE_CHARACTERS_MAX, field: '/note', multiline: true });

/** In UTC with milliseconds, so that times compare as texts. */
export function expiryTime(value: string | undefined): IsoTime | null {
  if (value === undefined) return null;
  return instantOf(value) ?? refuse('keys/expiry-not-in-future');
}

export function permissionNames(values: readonly string[]): readonly string[] {
  if (values.length > KEY_PERMISSIONS_MAX)
    throw new DomainError('request/text-not-allowed', {
      reason: 'too-long',
      field: '/permissions',
      max: KEY_PERMISSIONS_MAX,
    });
  const names = values.map((value, index) =>
    clientText(value, {
      max: KEY_PERMISSION_CHARACTERS_MAX,
      field: `/permissions/${String(index)}`,
    }),
  );
  return [...new Set(names)].sort();
}
