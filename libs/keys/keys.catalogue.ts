import type { EventCatalogueSection } from '#event-store';
import { schema } from '#kernel';
import { verdictSchema } from '#partners';
import type {
  EventReference,
  HolderReinstated,
  HolderSuspended,
  KeyExpired,
  KeyIssued,
  KeyReinstated,
  KeyRelabeled,
  KeyRevealed,
  KeyRevoked,
  KeyRingEvent,
  KeyShared,
  KeySuspended,
  SecretReference,
  ShareEnded,
  ShareOpened,
  ShareOpener,
  ShareRecipient,
  SuspensionCause,
} from './domain/key-ring.events.js';
import {
  REVEAL_PURPOSES,
  REVOCATION_REASONS,
  SHARE_CHANNELS,
  SHARE_END_REASONS,
  SHARE_RECIPIENT_TYPES,
  SUSPENSION_CAUSES,
} from './domain/key-ring.events.js';
import { KEY_PERMISSIONS_MAX } from './domain/key-text.value.js';
import type { Holder } from './domain/portal.value.js';
import { HOLDER_TYPES, PORTALS } from './domain/portal.value.js';

const { id, list, nullable, object, oneOf, text, time, uuid, variants } = schema;

const words = text();
const keyId = uuid<KeyIssued['data']['keyId']>();
const shareId = uuid<KeyShared['data']['shareId']>();
const scope = oneOf('key', 'holder');
const cause = object<SuspensionCause>({
  kind: oneOf(...SUSPENSION_CAUSES),
  reason: words,
  event: nullable(object<EventReference>({ streamId: text(), revision: text(), eventId: uuid() })),
});

export const keysEvents: EventCatalogueSection<KeyRingEvent> = {
  KeyIssued: {
    version: 1,
    retention: 'governance',
    data: object<KeyIssued['data']>({
      keyId,
      portal: oneOf(...PORTALS),
      holder: object<Holder>({ type: oneOf(...HOLDER_TYPES), id: id() }),
      label: words,
      prefix: text(),
      hint: text(),
      secret: object<SecretReference>({
        storage: oneOf('sealed', 'hashed'),
        pepperId: text(),
        lookupHash: text(),
      }),
      verdict: nullable(verdictSchema),
      permissions: list(text(), KEY_PERMISSIONS_MAX),
      employeeId: nullable(id()),
      expiresAt: nullable(time()),
      replaces: nullable(keyId),
    }),
  },
  KeyShared: {
    version: 1,
    retention: 'governance',
    data: object<KeyShared['data']>({
      shareId,
      keyId,
      recipient: object<ShareRecipient>({
        type: oneOf(...SHARE_RECIPIENT_TYPES),
        reference: text(),
      }),
      channel: oneOf(...SHARE_CHANNELS),
      reason: words,
      bound: oneOf('users', 'passphrase'),
      tokenHash: text(),
      pepperId: text(),
      expiresAt: time(),
    }),
  },
  ShareOpened: {
    version: 1,
    retention: 'governance',
    data: object<ShareOpened['data']>({
      shareId,
      keyId,
      openedBy: variants<'type', ShareOpener>('type', {
        partnerUser: object({ type: oneOf('partnerUser'), reference: text() }),
        passphrase: object({ type: oneOf('passphrase') }),
      }),
    }),
  },
  ShareEnded: {
    version: 1,
    retention: 'governance',
    data: object<ShareEnded['data']>({ shareId, keyId, reason: oneOf(...SHARE_END_REASONS) }),
  },
  KeyRevealed: {
    version: 1,
    retention: 'governance',
    data: object<KeyRevealed['data']>({
      keyId,
      purpose: oneOf(...REVEAL_PURPOSES),
      note: nullable(words),
    }),
  },
  KeyRelabeled: {
    version: 1,
    retention: 'governance',
    data: object<KeyRelabeled['data']>({ keyId, from: words, to: words }),
  },
  KeySuspended: {
    version: 1,
    retention: 'governance',
    data: object<KeySuspended['data']>({
      keyId,
      scope,
      cause,
    }),
  },
  KeyReinstated: {
    version: 1,
    retention: 'governance',
    data: object<KeyReinstated['data']>({ keyId, scope, reason: words }),
  },
  HolderSuspended: {
    version: 1,
    retention: 'governance',
    data: object<HolderSuspended['data']>({ cause }),
  },
  HolderReinstated: {
    version: 1,
    retention: 'governance',
    data: object<HolderReinstated['data']>({ reason: words }),
  },
  KeyRevoked: {
    version: 1,
    retention: 'governance',
    data: object<KeyRevoked['data']>({
      keyId,
      reason: oneOf(...REVOCATION_REASONS),
      note: nullable(words),
      replacedBy: nullable(keyId),
    }),
  },
  KeyExpired: {
    version: 1,
    retention: 'governance',
    data: object<KeyExpired['data']>({ keyId, expiresAt: time() }),
  },
};
