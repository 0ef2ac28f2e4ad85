import { keyId, shareId } from '#kernel';
import type { KeyRingEvent } from '../index.js';

const KEY = keyId('4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1');
const NEXT_KEY = keyId('9b3d1f60-2d0a-5d1c-8c55-1f0a7c1be2a4');
const SHARE = shareId('c2a9e1f4-5b60-5a77-9d42-6e1f3b8a7c90');

/** One event of each type as it is written now, for golden files. */
export const keyRingEventExamples: {
  readonly [Type in KeyRingEvent['type']]: Extract<KeyRingEvent, { type: Type }>['data'];
} = {
  KeyIssued: {
    keyId: KEY,
    portal: 'affiliate',
    holder: { type: 'partner', id: 7 },
    label: 'Reporting dashboard',
    prefix: 'kl',
    hint: '9xYz',
    secret: {
      storage: 'sealed',
      pepperId: '0a1b2c3d4e5f6071',
      lookupHash: 'a3f1c2d4e5b60718293a4b5c6d7e8f90a3f1c2d4e5b60718293a4b5c6d7e8f90',
    },
    verdict: {
      eligible: true,
      blockers: [],
      score: 4,
      threshold: 4,
      traits: [{ trait: 'ownTooling', weight: 1, met: true }],
    },
    permissions: [],
    employeeId: null,
    expiresAt: '2027-01-01T00:00:00.000Z',
    replaces: null,
  },
  KeyShared: {
    shareId: SHARE,
    keyId: KEY,
    recipient: { type: 'partnerUser', reference: 'https://id.example.com#00u1a2b3' },
    channel: 'email',
    reason: 'First hand-over',
    bound: 'users',
    tokenHash: 'b4f1c2d4e5b60718293a4b5c6d7e8f90a3f1c2d4e5b60718293a4b5c6d7e8f91',
    pepperId: '0a1b2c3d4e5f6071',
    expiresAt: '2026-01-02T00:00:00.000Z',
  },
  ShareOpened: { shareId: SHARE, keyId: KEY, openedBy: { type: 'passphrase' } },
  ShareEnded: { shareId: SHARE, keyId: KEY, reason: 'reshared' },
  KeyRevealed: { keyId: KEY, purpose: 'resend', note: 'Ticket 4711' },
  KeyRelabeled: { keyId: KEY, from: 'Reporting dashboard', to: 'Daily sheet' },
  KeySuspended: {
    keyId: KEY,
    scope: 'holder',
    cause: {
      kind: 'flag',
      reason: 'fraud',
      event: {
        streamId: 'partner-1-7',
        revision: '5',
        eventId: '1d0c9e8f-7a6b-5c4d-8e3f-2a1b0c9d8e7f',
      },
    },
  },
  KeyReinstated: { keyId: KEY, scope: 'holder', reason: 'The flag was a mistake' },
  HolderSuspended: {
    cause: { kind: 'manual', reason: 'Incident 12', event: null },
  },
  HolderReinstated: { reason: 'The incident is over' },
  KeyRevoked: { keyId: KEY, reason: 'leaked', note: null, replacedBy: NEXT_KEY },
  KeyExpired: { keyId: KEY, expiresAt: '2027-01-01T00:00:00.000Z' },
};

/** What a command showed. @throws {Error} it withheld it. */
export function told(secret: string | null): string {
  if (secret === null) throw new Error('the secret was withheld');
  return secret;
}
