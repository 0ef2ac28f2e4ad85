import { createHash, randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import type { Position } from '#event-store';
import type { NetworkId, TextRefusal } from '#kernel';
import { assertNoKeyMaterial, DomainError, streamId } from '#kernel';
import { DecideService, StreamReader, type RequestContext } from '#messaging';
import { IDENTITY_TEXT_BYTES_MAX } from './access.events.js';
import { identityReservationDecider } from './domain/identity-reservation.decider.js';
import type { IdentityOwner } from './domain/identity.events.js';

/**
 * An identity (issuer, subject) speaks for one employee or one partner in a network, decided by one stream an identity:
 * of two concurrent links, one wins.
 */
@Injectable()
export class IdentityReservations {
  private readonly logger = new Logger('IdentityReservations');

  constructor(
    private readonly decisions: DecideService,
    private readonly streams: StreamReader,
  ) {}

  /**
   * Reserve before the event that links; call it inside `DecideRequest.command`, for a link that will be made in the state
   * seen there, and again in each state. The owner's own reservation is made anew, so that whoever releases the link
   * before does not end it.
   *
   * @throws {DomainError} `access/identity-taken`; `request/text-not-allowed` when it holds a key, or is longer than a read model's key.
   */
  async reserve(
    context: RequestContext,
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
  ): Promise<Reservation> {
    for (const [field, text] of Object.entries({ issuer, subject })) {
      assertNoKeyMaterial(text);
      if (Buffer.byteLength(text) > IDENTITY_TEXT_BYTES_MAX)
        throw new DomainError('request/text-not-allowed', {
          reason: 'too-long' satisfies TextRefusal,
          field: `/${field}`,
          bytesMax: IDENTITY_TEXT_BYTES_MAX,
        });
    }
    const { revision } = await this.decisions.execute({
      streamId: identityStreamId(networkId, issuer, subject),
      decider: identityReservationDecider,
      command: { kind: 'reserve', issuer, subject, owner },
      // A command of its own each time: that an earlier attempt reserved says nothing of now.
      context: { ...context, commandId: randomUUID(), idempotent: false },
    });
    return { revision };
  }

  /**
   * For a handler whose event at `unlinked` holds already, and is known everywhere: what fails here is left to the process
   * that releases identities.
   */
  async releaseUnlinked(
    context: RequestContext,
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
    unlinked: Position,
  ): Promise<void> {
    try {
      await this.release(context, networkId, issuer, subject, owner, { unlinked });
    } catch (error) {
      this.logger.warn(`identity of who was removed not released yet: ${String(error)}`);
    }
  }

  /**
   * After the event at `unlinked`, or when the link that was `reserved` for is refused. A no-op when the owner does not
   * hold it, or reserved it again since: who releases may come late (a retry, a process that was behind).
   */
  async release(
    context: RequestContext,
    networkId: NetworkId,
    issuer: string,
    subject: string,
    owner: IdentityOwner,
    of: { readonly unlinked: Position } | { readonly reserved: Reservation },
  ): Promise<void> {
    const stream = identityStreamId(networkId, issuer, subject);
    const { revision: seen } =
      'reserved' in of
        ? of.reserved
        : await this.streams.load(stream, ANY_EVENT, undefined, of.unlinked);
    await this.decisions.execute({
      streamId: stream,
      decider: identityReservationDecider,
      command: { kind: 'release', issuer, subject, owner, seen },
      context: {
        ...context,
        commandId: uuidv5(`identity release ${String(seen)}`, context.commandId),
        idempotent: false,
      },
    });
  }
}

/** What a reservation is known by to who withdraws it. */
export interface Reservation {
  readonly revision: bigint;
}

const ANY_EVENT = { initialState: () => null, evolve: () => null };

/** The hash keeps any issuer and subject within what a stream name may hold. */
export function identityStreamId(networkId: NetworkId, issuer: string, subject: string): string {
  return streamId(
    'identity',
    networkId,
    createHash('sha256').update(`${issuer}\n${subject}`).digest('hex').slice(0, 40),
  );
}
