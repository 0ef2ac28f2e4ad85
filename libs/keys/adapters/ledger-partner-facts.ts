import { Injectable } from '@nestjs/common';
import type { Position, RecordedEvent } from '#event-store';
import { EventCatalogue, EventStore } from '#event-store';
import type { NetworkId, PartnerId } from '#kernel';
import { DEFAULT_KEY_POLICY, NetworkSettingsReader } from '#networks';
import type { PartnerEvent, PartnerFacts } from '#partners';
import { assessEligibility, PartnerReader, partnerStreamId } from '#partners';
import type { EventReference, SuspensionCause } from '../domain/key-ring.events.js';
import { userReference } from '../domain/key-ring.events.js';
import type { KeyPartnerFacts } from '../ports/partner-facts.port.js';
import { PartnerFactsPort, SUSPENDING_STATUSES } from '../ports/partner-facts.port.js';

/** Asks the partners and networks contexts. */
@Injectable()
export class LedgerPartnerFacts extends PartnerFactsPort {
  constructor(
    private readonly partners: PartnerReader,
    private readonly networks: NetworkSettingsReader,
    private readonly events: EventStore,
    private readonly catalogue: EventCatalogue,
  ) {
    super();
  }

  override async load(
    networkId: NetworkId,
    partnerId: PartnerId,
    signal?: AbortSignal,
  ): Promise<KeyPartnerFacts | undefined> {
    const [facts, settings] = await Promise.all([
      this.partners.load(networkId, partnerId, signal),
      this.networks.load(networkId, signal),
    ]);
    if (!facts) return undefined;
    return {
      partnerId,
      managerId: facts.managerId,
      status: facts.status,
      verdict: assessEligibility(facts, settings?.keyPolicy ?? DEFAULT_KEY_POLICY),
      userReferences: referencesOf(facts),
    };
  }

  override async usersAt(
    networkId: NetworkId,
    partnerId: PartnerId,
    at: Position,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const facts = await this.partners.load(networkId, partnerId, signal, at);
    return facts ? referencesOf(facts) : [];
  }

  override async suspensionCause(
    networkId: NetworkId,
    partnerId: PartnerId,
    signal?: AbortSignal,
  ): Promise<SuspensionCause | undefined> {
    let status: SuspensionCause | undefined;
    const flags = new Map<string, SuspensionCause>();
    const stored = this.events.readStream(
      partnerStreamId(networkId, partnerId),
      signal ? { signal } : {},
    );
    for await (const one of stored) {
      const recorded = this.catalogue.decode<PartnerEvent>(one);
      const event = { type: recorded.type, data: recorded.data } as PartnerEvent;
      if (event.type === 'PartnerRegistered') status = ofStatus(event.data.status, recorded);
      else if (event.type === 'PartnerStatusChanged') status = ofStatus(event.data.to, recorded);
      else if (event.type === 'FlagOpened')
        flags.set(event.data.flagId, {
          kind: 'flag',
          reason: event.data.kind,
          event: referenceTo(recorded),
        });
      else if (event.type === 'FlagClosed') flags.delete(event.data.flagId);
    }
    const [flag] = flags.values();
    if (status !== undefined || flag === undefined) return status;
    const settings = await this.networks.load(networkId, signal);
    return settings?.keyPolicy.suspendOnFlag === false ? undefined : flag;
  }
}

const referencesOf = ({ users }: PartnerFacts): readonly string[] =>
  users.map(({ issuer, subject }) => userReference(issuer, subject));

function ofStatus(status: string, event: RecordedEvent): SuspensionCause | undefined {
  return SUSPENDING_STATUSES.includes(status)
    ? { kind: 'partnerStatus', reason: status, event: referenceTo(event) }
    : undefined;
}

function referenceTo({ streamId, revision, id }: RecordedEvent): EventReference {
  return { streamId, revision: String(revision), eventId: id };
}
