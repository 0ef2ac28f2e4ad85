import { Injectable, Logger } from '@nestjs/common';
import type { Budget, Permission, Principal } from '#access';
import { Authorizer, RequestBudgets } from '#access';
import { DomainError, marketplacePartnerId, partnerId } from '#kernel';
import type { KeyId, NetworkId } from '#kernel';
import type { Receipt, RequestContext } from '#messaging';
import { DecideService } from '#messaging';
import type { KeyRingCommand } from '../domain/key-ring.commands.js';
import type { KeyRing } from '../domain/key-ring.decider.js';
import { keyOf, keyRingDecider } from '../domain/key-ring.decider.js';
import type { KeysErrorCode } from '../domain/key-ring.errors.js';
import type { KeyRingEvent } from '../domain/key-ring.events.js';
import type { Holder, Portal, RingId } from '../domain/portal.value.js';
import { keyRingStream, PORTAL_RULES } from '../domain/portal.value.js';
import { KeyVault } from '../ports/key-vault.port.js';
import { MarketplaceFactsPort } from '../ports/marketplace-facts.port.js';
import type { KeyPartnerFacts } from '../ports/partner-facts.port.js';
import { PartnerFactsPort } from '../ports/partner-facts.port.js';
import { SecretUpkeep } from './secret-upkeep.js';

/** A ring that the caller may act on, with what is known of its holder. */
export interface ReachedRing {
  readonly ring: RingId;
  /** `undefined`: the holder is no partner. */
  readonly partner: KeyPartnerFacts | undefined;
}

export interface KeyRingAct {
  readonly principal: Principal;
  readonly context: RequestContext;
  readonly permission: Permission;
}

export type KeyRingReceipt = Receipt<KeyRing, KeyRingEvent>;

/**
 * How often one caller may have something recorded on one ring, beside what stops a key or a link. Every decision reads
 * its ring from the beginning: who may reveal a key without an end could make it one that nobody can revoke in time.
 */
export const RING_BUDGET: Budget = { perSecond: 1 / 30, burst: 120 };

interface RingDecisionOptions {
  readonly retryUntilDeadline?: boolean;
  /** It stops a key or a link: never refused for want of budget. */
  readonly stops?: boolean;
}

/** What all commands on rings have in common: who may, on whose ring, the decision, and what follows from its events. */
@Injectable()
export class KeyRingDecisions {
  private readonly logger = new Logger(KeyRingDecisions.name);
  private readonly budgets = new RequestBudgets({ actorMutations: RING_BUDGET });

  constructor(
    private readonly authorizer: Authorizer,
    private readonly vault: KeyVault,
    private readonly partners: PartnerFactsPort,
    private readonly decisions: DecideService,
    private readonly upkeep: SecretUpkeep,
    private readonly marketplacePartners: MarketplaceFactsPort,
  ) {}

  /** @throws {DomainError} `access/forbidden`, `keys/key-not-found`. */
  async reachKey(act: KeyRingAct, keyId: KeyId): Promise<ReachedRing> {
    const networkId = await this.networkOfEither(act);
    const ring = await this.vault.locate(networkId, keyId);
    if (!ring) return refuse('keys/key-not-found');
    return this.reach(act, ring, 'keys/key-not-found');
  }

  /** @throws {DomainError} `access/forbidden`, `keys/holder-not-of-portal`, `keys/holder-not-found`. */
  async reachHolder(act: KeyRingAct, portal: Portal, holder: Holder): Promise<ReachedRing> {
    const networkId = await this.networkOf({
      ...act,
      permission: permissionAt(portal, act.permission),
    });
    const holderType = PORTAL_RULES[portal].holder;
    if (holder.type !== holderType)
      return refuse('keys/holder-not-of-portal', { portal, holderType });
    // A network holds its own keys only.
    if (holder.type === 'network' && holder.id !== networkId)
      return refuse('keys/holder-not-found');
    const reached = await this.reach(
      act,
      { networkId, portal, holder: { type: holder.type, id: holder.id } },
      'keys/holder-not-found',
    );
    if (holder.type === 'marketplacePartner') {
      const id = marketplacePartnerId(holder.id);
      if (!(await this.marketplacePartners.load(networkId, id, act.context.signal)))
        return refuse('keys/holder-not-found');
    }
    return reached;
  }

  /** Whoever may act on no ring of the network at all does not learn which there are. */
  async networkOf({ principal, permission }: KeyRingAct): Promise<NetworkId> {
    const { networkId } = principal;
    await this.authorizer.authorize(principal, permission, { networkId });
    if (networkId === null) throw new DomainError('access/forbidden', { required: 'network' });
    return networkId;
  }

  /** Where only the key will tell which portal it is of. */
  private async networkOfEither(act: KeyRingAct): Promise<NetworkId> {
    try {
      return await this.networkOf(act);
    } catch (error) {
      if (act.principal.employee?.permissions.includes(NETWORK_KEYS) !== true) throw error;
      return this.networkOf({ ...act, permission: NETWORK_KEYS });
    }
  }

  /** The one place that appends to rings. @throws {DomainError} `access/too-many-requests` */
  async decide(
    ring: RingId,
    context: RequestContext,
    command: KeyRingCommand | ((state: KeyRing) => KeyRingCommand | Promise<KeyRingCommand>),
    { stops = false, ...options }: RingDecisionOptions = {},
  ): Promise<KeyRingReceipt> {
    if (!stops && context.actor.type !== 'system') this.charge(ring, context.actor);
    const receipt = await this.decisions.execute({
      streamId: keyRingStream(ring),
      decider: keyRingDecider,
      command,
      context,
      ...options,
    });
    try {
      await this.upkeep.follow(ring.networkId, receipt.events);
    } catch (error) {
      // What the log says stands: the process that follows it does this again.
      this.logger.warn(`upkeep of secrets is left to its process: ${nameOf(error)}`);
    }
    return receipt;
  }

  private charge(ring: RingId, { issuer, subject }: RequestContext['actor']): void {
    const key = `${keyRingStream(ring)}\n${issuer}\n${subject}`;
    const retryAfterSeconds = this.budgets.take({ kind: 'actor', key }, 'mutations');
    if (retryAfterSeconds > 0)
      throw new DomainError('access/too-many-requests', { budget: 'holder', retryAfterSeconds });
  }

  private async reach(
    { principal, context, permission }: KeyRingAct,
    ring: RingId,
    notFound: KeysErrorCode,
  ): Promise<ReachedRing> {
    const { networkId, holder, portal } = ring;
    if (holder.type !== 'partner') {
      await this.authorizer.authorize(principal, permissionAt(portal, permission), { networkId });
      // The limited scope is that of the partners one manages: nothing else is in it.
      if (principal.employee?.scope === 'limited' && !principal.employee.superUser)
        throw new DomainError('access/forbidden', { required: 'manager-of-the-partner' });
      return { ring, partner: undefined };
    }
    const id = partnerId(holder.id);
    const partner = await this.partners.load(networkId, id, context.signal);
    if (!partner) return refuse(notFound);
    await this.authorizer.authorize(principal, permission, {
      networkId,
      partnerId: id,
      managerId: partner.managerId,
    });
    return { ring, partner };
  }
}

const NETWORK_KEYS = 'network.api_keys.manage';

/** A network key opens the network itself: who manages partners' keys may not make one. */
const permissionAt = (portal: Portal, permission: Permission): Permission =>
  portal === 'network' ? NETWORK_KEYS : permission;

/**
 * `If-Match` of one key: looked at in every attempt, so that a change of another key of the ring is no conflict.
 *
 * @throws {DomainError} `request/precondition-failed`, `keys/key-not-found`.
 */
export function assertVersion(state: KeyRing, keyId: KeyId, ifMatch: number | undefined): void {
  if (ifMatch !== undefined && keyOf(state, keyId).version !== ifMatch)
    throw new DomainError('request/precondition-failed');
}

export function refuse(
  code: KeysErrorCode,
  details: Readonly<Record<string, unknown>> = {},
): never {
  throw new DomainError(code, details);
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : 'unknown error');
