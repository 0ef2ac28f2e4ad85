import { Injectable } from '@nestjs/common';
import type { Position, RecordedEvent } from '#event-store';
import { RequestContexts, StreamReader } from '#messaging';
import type { Process } from '#projections';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import { keyRingDecider } from '../domain/key-ring.decider.js';
import type { KeyRing, Share } from '../domain/key-ring.decider.js';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import { PartnerFactsPort } from '../ports/partner-facts.port.js';
import { partnerOf } from './suspend-blocked-holders.process.js';

/**
 * Links for a user who is no longer the partner's end; links for all of its users end with the last one. Those that need
 * a passphrase may be made when there is no user, so of these only what was shared before the removal ends.
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
    const before =
      event.type === 'PartnerUserUnlinked' ? (await load(event.position)).shares : undefined;
    for (const share of open)
      if (isRecipientGone(share, users, before?.has(share.shareId) === true))
        await this.rings.decide(
          ring,
          this.contexts.ofProcess(this.name, event, `end ${share.shareId}`, signal),
          { type: 'endShare', shareId: share.shareId, reason: 'recipientRemoved' },
          { retryUntilDeadline: true },
        );
  }
}

function isRecipientGone(
  { recipient, bound }: Share,
  users: readonly string[],
  sharedBefore: boolean,
): boolean {
  if (recipient.type === 'partnerUser') return !users.includes(recipient.reference);
  if (users.length > 0) return false;
  return bound === 'users' || (recipient.type === 'holderUsers' && sharedBefore);
}
