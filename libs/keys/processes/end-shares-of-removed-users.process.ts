import { Injectable } from '@nestjs/common';
import type { Position, RecordedEvent } from '#event-store';
import { RequestContexts, StreamReader } from '#messaging';
import type { PartnerEvent } from '#partners';
import type { Process } from '#projections';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import { keyRingDecider } from '../domain/key-ring.decider.js';
import type { KeyRing, Share } from '../domain/key-ring.decider.js';
import { userReference } from '../domain/key-ring.events.js';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import { PartnerFactsPort } from '../ports/partner-facts.port.js';
import { partnerOf } from './suspend-blocked-holders.process.js';

type Unlinked = Extract<PartnerEvent, { readonly type: 'PartnerUserUnlinked' }>['data'];

/**
 * Links for a user who is no longer the partner's end, also when the user is linked again before anybody looks; links for
 * all of its users end with the last one. Those that need a passphrase may be made when there is no user, so of these only
 * what was shared before the removal ends.
 */
@Injectable()
export class EndSharesOfRemovedUsers implements Process {
  readonly name = 'end-shares-of-removed-users';
  readonly handles = ['PartnerUserUnlinked', 'KeyShared'] as const;

  constructor(
    private readonly partners: PartnerFactsPort,
    private readonly rings: KeyRingDecisions,
    private readonly streams: StreamReader,
    private readonly contexts: RequestContexts,
  ) {}

  async handle(event: RecordedEvent, signal: AbortSignal): Promise<void> {
    const partner = partnerOf(event);
    if (!partner) return;
    const { networkId, id } = partner;
    const ring: RingId = { networkId, portal: 'affiliate', holder: { type: 'partner', id } };
    const load = async (upTo?: Position): Promise<KeyRing> => {
      const { state } = await this.streams.load(keyRingStream(ring), keyRingDecider, signal, upTo);
      return state;
    };
    const open = [...(await load()).shares.values()].filter(({ status }) => status === 'open');
    if (open.length === 0) return;
    const facts = await this.partners.load(networkId, id, signal);
    const users = facts?.userReferences ?? [];
    const unlinked = event.type === 'PartnerUserUnlinked' ? (event.data as Unlinked) : undefined;
    const removed = unlinked && {
      reference: userReference(unlinked.issuer, unlinked.subject),
      sharedBefore: (await load(event.position)).shares,
    };
    for (const share of open)
      if (isRecipientGone(share, users, removed))
        await this.rings.decide(
          ring,
          this.contexts.ofProcess(this.name, event, `end ${share.shareId}`, signal),
          { type: 'endShare', shareId: share.shareId, reason: 'recipientRemoved' },
          { retryUntilDeadline: true },
        );
  }
}

function isRecipientGone(
  { shareId, recipient, bound }: Share,
  users: readonly string[],
  removed: { readonly reference: string; readonly sharedBefore: KeyRing['shares'] } | undefined,
): boolean {
  const sharedBefore = removed?.sharedBefore.has(shareId) === true;
  if (recipient.type === 'partnerUser')
    return (
      !users.includes(recipient.reference) ||
      (sharedBefore && recipient.reference === removed.reference)
    );
  if (users.length > 0) return false;
  return bound === 'users' || (recipient.type === 'holderUsers' && sharedBefore);
}
