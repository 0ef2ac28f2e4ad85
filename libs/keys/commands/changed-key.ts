import { maskedKey } from '#kernel';
import type { KeyId } from '#kernel';
import type { Key, KeyRing } from '../domain/key-ring.decider.js';
import { keyOf } from '../domain/key-ring.decider.js';
import { PORTAL_RULES } from '../domain/portal.value.js';
import type { ChangedKey } from './key-outcomes.value.js';

export function changedKey(state: KeyRing, keyId: KeyId): ChangedKey {
  return shown(keyOf(state, keyId));
}

export function changedKeys(state: KeyRing): readonly ChangedKey[] {
  return [...state.keys.values()].map(shown);
}

function shown(key: Key): ChangedKey {
  return {
    keyId: key.keyId,
    portal: key.portal,
    holder: key.holder,
    label: key.label,
    masked: maskedKey(key.prefix, PORTAL_RULES[key.portal].code, key.hint),
    status: key.status,
    version: key.version,
    expiresAt: key.expiresAt,
  };
}
