import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import { Authorizer, OWN_MARKETPLACE } from '#access';
import { EventStore, position } from '#event-store';
import type { Position } from '#event-store';
import { DomainError } from '#kernel';
import type { PartnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import { DecideService, StreamReader } from '#messaging';
import type { Page } from '#projections';
import { decodeCursor, encodeCursor } from '#projections';
import type { Key } from '../../domain/key-ring.decider.js';
import { keyRingDecider } from '../../domain/key-ring.decider.js';
import type { RingId } from '../../domain/portal.value.js';
import { keyRingStream } from '../../domain/portal.value.js';
import { MarketplaceFactsPort } from '../../ports/marketplace-facts.port.js';
import { NetworkPolicyPort } from '../../ports/network-policy.port.js';
import type { Outcome } from '../key-outcomes.value.js';
import { KeyReveals } from '../key-reveals.js';
import { refuse } from '../key-ring-decisions.js';
import type { RevealedConnectionKey } from './reveal-connection-keys.command.js';
import {
  CONNECTIONS_REVEALED_DEFAULT,
  RevealConnectionKeys,
} from './reveal-connection-keys.command.js';

const CURSOR = 'revealedConnections';

/** Every secret of the answer stands in the log as revealed before the answer is given. */
@CommandHandler(RevealConnectionKeys)
export class RevealConnectionKeysHandler implements ICommandHandler<RevealConnectionKeys> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly marketplacePartners: MarketplaceFactsPort,
    private readonly policies: NetworkPolicyPort,
    private readonly streams: StreamReader,
    private readonly reveals: KeyReveals,
    private readonly store: EventStore,
    private readonly decisions: DecideService,
  ) {}

  async execute(command: RevealConnectionKeys): Promise<Outcome<Page<RevealedConnectionKey>>> {
    const { principal, context, input } = command;
    const { networkId, marketplaceUser } = principal;
    await this.authorizer.authorize(principal, OWN_MARKETPLACE, { networkId, ...marketplaceUser });
    if (networkId === null || !marketplaceUser) return refuse('keys/holder-not-found');
    await this.decisions.claimKey(context);
    const first = input.first ?? CONNECTIONS_REVEALED_DEFAULT;
    const [after] =
      input.after === undefined ? [0] : decodeCursor(CURSOR, networkId, input.after, ['id']);
    const { signal } = context;
    const [policy, facts] = await Promise.all([
      this.policies.load(networkId, signal),
      this.marketplacePartners.load(networkId, marketplaceUser.marketplacePartnerId, signal),
    ]);
    if (!facts) return refuse('keys/holder-not-found');
    if (policy?.marketplaceSecretsListed !== true)
      return refuse('keys/marketplace-secrets-not-listed');

    const left = facts.connections.filter((id) => id > after);
    const shown = left.slice(0, first);
    const items: RevealedConnectionKey[] = [];
    let at: Position = (await this.store.head({ signal })) ?? position(0n);
    for (const partner of shown) {
      const ring: RingId = {
        networkId,
        portal: 'affiliate',
        holder: { type: 'partner', id: partner },
      };
      const { state } = await this.streams.load(keyRingStream(ring), keyRingDecider, signal);
      const active = [...state.keys.values()].filter((key) => isUsable(key, context));
      for (const key of active) {
        const revealed = await this.reveal(ring, partner, key, context);
        if (!revealed) continue;
        items.push(revealed.value);
        if (revealed.position > at) at = revealed.position;
      }
    }
    const last = shown.at(-1);
    return {
      value: {
        items,
        page: {
          endCursor: last === undefined ? null : encodeCursor(CURSOR, networkId, [last]),
          hasNextPage: left.length > shown.length,
        },
      },
      position: at,
    };
  }

  /** `undefined`: the key stopped being one that can be shown while the list was made. */
  private async reveal(
    ring: RingId,
    partner: PartnerId,
    { keyId, label }: Key,
    context: RequestContext,
  ): Promise<Outcome<RevealedConnectionKey> | undefined> {
    // One append a key: each has a command of its own that a retry of the whole list finds again.
    const step = { ...context, commandId: uuidv5(`reveal ${keyId}`, context.commandId) };
    try {
      const one = await this.reveals.reveal(ring, step, keyId, 'marketplaceListing', null);
      return { value: { partnerId: partner, label, ...one.value }, position: one.position };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (GONE.includes(error.code)) return undefined;
      throw error;
    }
  }
}

const GONE: readonly string[] = [
  'keys/key-revoked',
  'keys/key-expired',
  'keys/key-suspended',
  'keys/secret-destroyed',
];

const isUsable = ({ status, expiresAt }: Key, { now }: RequestContext): boolean =>
  status === 'active' && (expiresAt === null || Date.parse(expiresAt) > now.getTime());
