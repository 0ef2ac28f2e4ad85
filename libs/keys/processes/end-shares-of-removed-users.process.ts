import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '#event-store';
import { RequestContexts, StreamReader } from '#messaging';
import type { Process } from '#projections';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import { keyRingDecider } from '../domain/key-ring.decider.js';
import type { Share } from '../domain/key-ring.decider.js';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import { PartnerFactsPort } from '../ports/partner-facts.port.js';
import { partnerOf } from './suspend-blocked-holders.process.js';

/** Links for a user who is no longer the partner's end; links for all of its users end with the last one. */
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
    const { state } = await this.streams.load(keyRingStream(ring), keyRingDecider, signal);
    const open = [...state.shares.values()].filter(({ status }) => status === 'open');
    if (open.length === 0) return;
    const facts = await this.partners.load(networkId, id, signal);
    const users = facts?.userReferences ?? [];
    for (const share of open)
      if (isRecipientGone(share, users))
        await this.rings.decide(
          ring,
          this.contexts.ofProcess(this.name, event, `end ${share.shareId}`, signal),
          { type: 'endShare', shareId: share.shareId, reason: 'recipientRemoved' },
          { retryUntilDeadline: true },
        );
  }
}

function isRecipientGone({ recipient, bound }: Share, users: readonly string[]): boolean {
  if (recipient.type === 'partnerUser') return !users.includes(recipient.reference);
  return bound === 'users' && users.length === 0;
}
