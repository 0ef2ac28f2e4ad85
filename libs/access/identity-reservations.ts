import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import type { DomainEvent, NetworkId, TextRefusal } from '#kernel';
import { assertNoKeyMaterial, DomainError, streamId } from '#kernel';
import { DecideService, StreamReader, type RequestContext } from '#messaging';
import { IDENTITY_TEXT_BYTES_MAX } from './access.events.js';
import { identityReservationDecider } from './domain/identity-reservation.decider.js';
import type { IdentityOwner } from './domain/identity.events.js';
import {
  MARKETPLACE_USER_LINKED,
  MARKETPLACE_USER_UNLINKED,
  PARTNER_USER_LINKED,
  PARTNER_USER_UNLINKED,
  type PartnerUserEventData,
} from './projections/identities.projection.js';

/**
 * An identity (issuer, subject) speaks for one employee or one partner in a network, decided by one stream an identity:
 * of two concurrent links, one wins.
 */
@Injectable()
export class IdentityReservations {
  constructor(
    private readonly decisions: DecideService,
    private readonly streams: StreamReader,
  ) {}

  /**
   * Reserve before the event that links; call it inside `DecideRequest.command`, so that a retry never reserves again.
   * The owner's own second reservation is a no-op.
   *
   * @throws {DomainError} `access/identity-taken`; `request/text-not-allowed` when it holds a key, or is longer than a read model's key.
   */
  async reserve(
    context: RequestContext,
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
  ): Promise<void> {
    for (const [field, text] of Object.entries({ issuer, subject })) {
      assertNoKeyMaterial(text);
      if (Buffer.byteLength(text) > IDENTITY_TEXT_BYTES_MAX)
        throw new DomainError('request/text-not-allowed', {
          reason: 'too-long' satisfies TextRefusal,
          field: `/${field}`,
          bytesMax: IDENTITY_TEXT_BYTES_MAX,
        });
    }
    await this.decide('reserve', context, networkId, issuer, subject, owner);
  }

  /**
   * After the event that unlinks, or when the link was refused. A no-op when the owner does not hold it, or was given it
   * again since: who releases may come late (a retry, a process that was behind).
   */
  async release(
    context: RequestContext,
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
  ): Promise<void> {
    if (await this.isLinked(networkId, issuer, subject, owner)) return;
    await this.decide('release', context, networkId, issuer, subject, owner);
  }

  /** An employee's id is not given twice: only users are linked again. */
  private async isLinked(
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
  ): Promise<boolean> {
    if (owner.kind === 'employee') return false;
    const stream =
      owner.kind === 'partnerUser'
        ? streamId('partner', networkId, owner.partnerId)
        : streamId('marketplacePartner', networkId, owner.marketplacePartnerId);
    const { state } = await this.streams.load<boolean, DomainEvent>(stream, {
      initialState: () => false,
      evolve: (linked, { type, data }) => {
        if (!LINKS.has(type)) return linked;
        const user = data as PartnerUserEventData;
        return user.issuer === issuer && user.subject === subject
          ? LINKS.get(type) === true
          : linked;
      },
    });
    return state;
  }

  private async decide(
    kind: 'reserve' | 'release',
    context: RequestContext,
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
  ): Promise<void> {
    await this.decisions.execute({
      streamId: identityStreamId(networkId, issuer, subject),
      decider: identityReservationDecider,
      command: { kind, issuer, subject, owner },
      context: { ...context, commandId: uuidv5(`identity ${kind}`, context.commandId) },
    });
  }
}

/** Whether the user is one of the stream's own after an event of that type. */
const LINKS: ReadonlyMap<string, boolean> = new Map([
  [PARTNER_USER_LINKED, true],
  [PARTNER_USER_UNLINKED, false],
  [MARKETPLACE_USER_LINKED, true],
  [MARKETPLACE_USER_UNLINKED, false],
]);

/** The hash keeps any issuer and subject within what a stream name may hold. */
export function identityStreamId(networkId: NetworkId, issuer: string, subject: string): string {
  return streamId(
    'identity',
    networkId,
    createHash('sha256').update(`${issuer}\n${subject}`).digest('hex').slice(0, 40),
  );
}
