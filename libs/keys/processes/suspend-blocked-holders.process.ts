import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '#event-store';
import { partnerId } from '#kernel';
import type { NetworkId, PartnerId } from '#kernel';
import { RequestContexts } from '#messaging';
import { partnerStreamId } from '#partners';
import type { Process } from '#projections';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import type { KeyIssued, KeyReinstated } from '../domain/key-ring.events.js';
import { KEY_RING_CATEGORY } from '../domain/portal.value.js';
import { PartnerFactsPort } from '../ports/partner-facts.port.js';

/**
 * A flag that is opened, or a status that forbids keys, suspends all keys of the partner, with that event as the cause.
 * It looks at issuances and reinstatements too: one that was decided while the flag was being opened comes after it in
 * the log, and is found here.
 */
@Injectable()
export class SuspendBlockedHolders implements Process {
  readonly name = 'suspend-blocked-holders';
  readonly handles: readonly (
    'FlagOpened' | 'PartnerStatusChanged' | KeyIssued['type'] | KeyReinstated['type']
  )[] = ['FlagOpened', 'PartnerStatusChanged', 'KeyIssued', 'KeyReinstated'];

  constructor(
    private readonly partners: PartnerFactsPort,
    private readonly rings: KeyRingDecisions,
    private readonly contexts: RequestContexts,
  ) {}

  async handle(event: RecordedEvent, signal: AbortSignal): Promise<void> {
    const partner = partnerOf(event);
    if (!partner) return;
    const { networkId, id } = partner;
    const cause = await this.partners.suspensionCause(networkId, id, signal);
    if (!cause) return;
    const context = this.contexts.ofProcess(this.name, event, 'suspend', signal);
    await this.rings.decide(
      { networkId, portal: 'affiliate', holder: { type: 'partner', id } },
      context,
      { type: 'suspendRing', cause, at: context.now.toISOString() },
      { retryUntilDeadline: true },
    );
  }
}

/** `partner-<network>-<partner>` and `keyRing-<network>-affiliate-partner-<partner>` both end in the partner. */
export function partnerOf({
  streamId,
  metadata,
}: RecordedEvent): { readonly networkId: NetworkId; readonly id: PartnerId } | undefined {
  const networkId = metadata.networkId as NetworkId | null;
  const tail = Number(streamId.slice(streamId.lastIndexOf('-') + 1));
  if (networkId === null || !Number.isSafeInteger(tail) || tail < 1) return undefined;
  const id = partnerId(tail);
  const ofRing = `${KEY_RING_CATEGORY}-${String(networkId)}-affiliate-partner-${String(id)}`;
  return streamId === ofRing || streamId === partnerStreamId(networkId, id)
    ? { networkId, id }
    : undefined;
}
