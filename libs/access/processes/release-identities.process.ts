import { Injectable } from '@nestjs/common';
import { networkId } from '#kernel';
import type { RecordedEvent } from '#event-store';
import { RequestContexts } from '#messaging';
import type { Process } from '#projections';
import type { EmployeeRemoved } from '../domain/employee.events.js';
import type { IdentityOwner } from '../domain/identity.events.js';
import { IdentityReservations } from '../identity-reservations.js';
import {
  MARKETPLACE_USER_UNLINKED,
  PARTNER_USER_UNLINKED,
  type PartnerUserEventData,
} from '../projections/identities.projection.js';

/** Frees identities whose owner is gone, when the handler that removed it died before it did. */
@Injectable()
export class ReleaseIdentities implements Process {
  readonly name = 'release-identities';
  readonly handles = ['EmployeeRemoved', PARTNER_USER_UNLINKED, MARKETPLACE_USER_UNLINKED];

  constructor(
    private readonly reservations: IdentityReservations,
    private readonly contexts: RequestContexts,
  ) {}

  async handle(event: RecordedEvent, signal: AbortSignal): Promise<void> {
    const [, network, id] = event.streamId.split('-');
    const { issuer, subject } = event.data as PartnerUserEventData;
    const owner = ownerOf(event, Number(id));
    const context = this.contexts.ofProcess(this.name, event, 'release', signal);
    const unlinked = event.position;
    await this.reservations.release(context, networkId(Number(network)), issuer, subject, owner, {
      unlinked,
    });
  }
}

function ownerOf(event: RecordedEvent, id: number): IdentityOwner {
  if (event.type === PARTNER_USER_UNLINKED) return { kind: 'partnerUser', partnerId: id };
  if (event.type === MARKETPLACE_USER_UNLINKED)
    return { kind: 'marketplaceUser', marketplacePartnerId: id };
  const { employeeId } = (event as RecordedEvent<EmployeeRemoved>).data;
  return { kind: 'employee', employeeId };
}
