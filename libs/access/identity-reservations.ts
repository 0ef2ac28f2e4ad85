import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import type { NetworkId, TextRefusal } from '#kernel';
import { assertNoKeyMaterial, DomainError, streamId } from '#kernel';
import { DecideService, type RequestContext } from '#messaging';
import { IDENTITY_TEXT_BYTES_MAX } from './access.events.js';
import { identityReservationDecider } from './domain/identity-reservation.decider.js';
import type { IdentityOwner } from './domain/identity.events.js';

/**
 * An identity (issuer, subject) speaks for one employee or one partner in a network, decided by one stream an identity:
 * of two concurrent links, one wins.
 */
@Injectable()
export class IdentityReservations {
  constructor(private readonly decisions: DecideService) {}

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

  /** After the event that unlinks, or when the link was refused. A no-op when the owner does not hold it. */
  async release(
    context: RequestContext,
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
  ): Promise<void> {
    await this.decide('release', context, networkId, issuer, subject, owner);
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

/** The hash keeps any issuer and subject within what a stream name may hold. */
export function identityStreamId(networkId: NetworkId, issuer: string, subject: string): string {
  return streamId(
    'identity',
    networkId,
    createHash('sha256').update(`${issuer}\n${subject}`).digest('hex').slice(0, 40),
  );
}
