import { randomUUID } from 'node:crypto';
import type { Permission, Principal } from '#access';
import { accessEvents, LedgerAuthorizer } from '#access';
import type { AppendResult, ExpectedRevision, NewEvent, RecordedEvent } from '#event-store';
import { EventCatalogue } from '#event-store';
import { MemoryEventStore } from '#event-store/memory';
import type { Decider, DomainEvent, EmployeeId, KeyId, NetworkId, PartnerId } from '#kernel';
import { employeeId, marketplacePartnerId, networkId, partnerId, streamId } from '#kernel';
import { FixedClock } from '#kernel/testing';
import type { RequestContext } from '#messaging';
import { RequestContexts, RequestHasher } from '#messaging';
import { memoryMessaging, requestContext } from '#messaging/testing';
import type { KeyPolicy } from '#networks';
import {
  DEFAULT_KEY_POLICY,
  networksEvents,
  networkStreamId,
  NetworkSettingsReader,
} from '#networks';
import type { MarketplacePartnerEvent, PartnerEvent } from '#partners';
import {
  MarketplacePartnerReader,
  marketplacePartnerStreamId,
  PartnerReader,
  partnersEvents,
  partnerStreamId,
} from '#partners';
import { ProblemCatalogue, requestProblems } from '#problems';
import { memorySealing } from '#sealing/testing';
import { CryptoSecretSource } from '../adapters/crypto-secret-source.js';
import { LedgerEmployeeFacts } from '../adapters/ledger-employee-facts.js';
import { LedgerMarketplaceFacts } from '../adapters/ledger-marketplace-facts.js';
import { LedgerNetworkPolicy } from '../adapters/ledger-network-policy.js';
import { LedgerPartnerFacts } from '../adapters/ledger-partner-facts.js';
import { SealedKeyVault } from '../adapters/sealed-key-vault.js';
import { KeyReveals } from '../commands/key-reveals.js';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import { NewKeys } from '../commands/new-keys.js';
import { EndShareHandler } from '../commands/end-share/end-share.handler.js';
import { IssueKeyHandler } from '../commands/issue-key/issue-key.handler.js';
import { ReinstateKeyHandler } from '../commands/reinstate-key/reinstate-key.handler.js';
import { ReinstateKeyRingHandler } from '../commands/reinstate-key-ring/reinstate-key-ring.handler.js';
import { ReissueKeyHandler } from '../commands/reissue-key/reissue-key.handler.js';
import { RelabelKeyHandler } from '../commands/relabel-key/relabel-key.handler.js';
import { RevealKeyHandler } from '../commands/reveal-key/reveal-key.handler.js';
import { RevealOwnKeyHandler } from '../commands/reveal-own-key/reveal-own-key.handler.js';
import { RevokeKeyHandler } from '../commands/revoke-key/revoke-key.handler.js';
import { SecretUpkeep } from '../commands/secret-upkeep.js';
import { ShareKeyHandler } from '../commands/share-key/share-key.handler.js';
import { SuspendKeyHandler } from '../commands/suspend-key/suspend-key.handler.js';
import { SuspendKeyRingHandler } from '../commands/suspend-key-ring/suspend-key-ring.handler.js';
import type { KeyIssued } from '../domain/key-ring.events.js';
import { keyRingStream } from '../domain/portal.value.js';
import type { RingId } from '../domain/portal.value.js';
import { keysEvents } from '../keys.catalogue.js';
import { KeysOptions } from '../keys.options.js';
import { keysProblems } from '../keys.problems.js';
import { PassphraseHasher } from '../ports/passphrase-hasher.port.js';
import { EndSharesOfRemovedUsers } from '../processes/end-shares-of-removed-users.process.js';
import { ExpirySweep } from '../processes/expiry.sweep.js';
import { KeepSecretsTrueToLog } from '../processes/keep-secrets-true-to-log.process.js';
import { LostAttemptsSweep } from '../processes/lost-attempts.sweep.js';
import { SuspendBlockedHolders } from '../processes/suspend-blocked-holders.process.js';
import { MemoryKeySecrets } from './memory-key-secrets.js';
import { MemoryShares } from './memory-shares.js';

export const NETWORK = networkId(1);
export const OTHER_NETWORK = networkId(2);
export const PARTNER = partnerId(7);
export const MANAGER = employeeId(5);
export const ANA = { issuer: 'https://idp.test', subject: 'ana' } as const;

/** Dies like a process that is killed around its append. */
export class MortalEventStore extends MemoryEventStore {
  dies: 'never' | 'before the append' | 'after the append' = 'never';
  /** What happens elsewhere between a decision and its append. */
  beforeNextAppend: (() => Promise<void>) | undefined;

  override async append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    const elsewhere = this.beforeNextAppend;
    this.beforeNextAppend = undefined;
    await elsewhere?.();
    if (this.dies === 'before the append') throw new Error('killed before the append');
    const result = await super.append(streamId, expected, events);
    if (this.dies === 'after the append') throw new Error('killed after the append');
    return result;
  }
}

/** As slow as a comparison. */
class PlainPassphrases extends PassphraseHasher {
  override hash(passphrase: string): Promise<string> {
    return Promise.resolve(`hash of ${passphrase}`);
  }
  override verify(passphrase: string, encoded: string): Promise<boolean> {
    return Promise.resolve(encoded === `hash of ${passphrase}`);
  }
}

/** Handlers, processes and sweeps of this context over an in-memory log; partners and networks are events. */
export function keysLedger() {
  const clock = new FixedClock();
  const catalogue = new EventCatalogue(keysEvents, partnersEvents, networksEvents, accessEvents);
  const sealing = memorySealing(clock);
  const store = new MortalEventStore();
  const messaging = memoryMessaging({
    catalogue,
    clock,
    store,
    problems: new ProblemCatalogue(requestProblems, keysProblems),
  });
  const { decisions, streams } = messaging;
  const secrets = new MemoryKeySecrets();
  const shares = new MemoryShares();
  const vault = new SealedKeyVault(sealing.sealer, sealing.peppers, secrets, clock);
  const settings = new NetworkSettingsReader(streams);
  const partners = new LedgerPartnerFacts(new PartnerReader(streams), settings, store, catalogue);
  const policies = new LedgerNetworkPolicy(settings);
  const authorizer = new LedgerAuthorizer();
  const upkeep = new SecretUpkeep(vault, shares);
  const marketplacePartners = new LedgerMarketplaceFacts(new MarketplacePartnerReader(streams));
  const rings = new KeyRingDecisions(
    authorizer,
    vault,
    partners,
    decisions,
    upkeep,
    marketplacePartners,
  );
  const source = new CryptoSecretSource();
  const newKeys = new NewKeys(source, vault, streams);
  const reveals = new KeyReveals(rings, vault, newKeys);
  const contexts = new RequestContexts(clock, new RequestHasher(sealing.peppers));
  const passphrases = new PlainPassphrases();
  const options = new KeysOptions('https://ledger.test');

  const storing: Decider<null, readonly DomainEvent[], DomainEvent> = {
    initialState: () => null,
    decide: (events) => events,
    evolve: () => null,
  };
  const context = (change: Partial<RequestContext> = {}) =>
    requestContext({ networkId: NETWORK, now: clock.now(), ...change });
  const put = async (streamId: string, network: NetworkId, ...events: DomainEvent[]) => {
    const command: readonly DomainEvent[] = events;
    await decisions.execute({
      streamId,
      decider: storing,
      command,
      context: context({ networkId: network }),
    });
  };

  return {
    clock,
    store,
    streams,
    sealing,
    secrets,
    shares,
    vault,
    passphrases,
    contexts,
    context,
    handlers: {
      issue: new IssueKeyHandler(rings, policies, new LedgerEmployeeFacts(streams), newKeys),
      reissue: new ReissueKeyHandler(rings, policies, newKeys),
      reveal: new RevealKeyHandler(rings, reveals),
      revealOwn: new RevealOwnKeyHandler(authorizer, vault, reveals),
      share: new ShareKeyHandler(
        rings,
        policies,
        source,
        passphrases,
        sealing.peppers,
        shares,
        options,
      ),
      endShare: new EndShareHandler(rings, shares),
      revoke: new RevokeKeyHandler(rings),
      suspend: new SuspendKeyHandler(rings),
      suspendRing: new SuspendKeyRingHandler(rings),
      reinstate: new ReinstateKeyHandler(rings),
      reinstateRing: new ReinstateKeyRingHandler(rings),
      relabel: new RelabelKeyHandler(rings),
    },
    processes: {
      suspend: new SuspendBlockedHolders(partners, rings, contexts),
      endShares: new EndSharesOfRemovedUsers(
        partners,
        marketplacePartners,
        rings,
        streams,
        contexts,
      ),
      keepSecrets: new KeepSecretsTrueToLog(upkeep, secrets, shares, clock),
    },
    sweeps: {
      expiry: new ExpirySweep(secrets, shares, rings, contexts, clock),
      lost: new LostAttemptsSweep(secrets, vault, shares, streams, clock),
    },
    /** A network whose keys' policy is the default, but for these changes. */
    network: (network: NetworkId, change: Partial<KeyPolicy> = {}) =>
      put(
        networkStreamId(network),
        network,
        { type: 'NetworkCreated', data: { name: 'Acme', region: 'us' } },
        { type: 'NetworkKeyPolicySet', data: { policy: { ...DEFAULT_KEY_POLICY, ...change } } },
      ),
    /** A partner that is eligible, managed by `MANAGER`, with the user `ANA`. */
    eligiblePartner: (network: NetworkId, id: PartnerId, manager: EmployeeId = MANAGER) =>
      put(
        partnerStreamId(network, id),
        network,
        {
          type: 'PartnerRegistered',
          data: {
            partnerId: id,
            name: 'Partner',
            status: 'active',
            managerId: manager,
            source: 'manual',
            sourceTime: clock.now().toISOString(),
          },
        },
        { type: 'TechnicalCapacityConfirmed', data: { evidence: 'pulled a report' } },
        {
          type: 'PartnerTraitsAssessed',
          data: {
            traits: {
              recurringReportRequests: true,
              ownTooling: true,
              steadyTraffic: true,
              subIdGranularity: true,
              bulkPostbacks: false,
              goodStanding: true,
            },
          },
        },
        { type: 'PartnerUserLinked', data: ANA },
      ),
    marketplacePartner: (network: NetworkId, id: number, ...connections: readonly PartnerId[]) => {
      const of = { marketplacePartnerId: marketplacePartnerId(id) };
      return put(
        marketplacePartnerStreamId(network, of.marketplacePartnerId),
        network,
        { type: 'MarketplacePartnerRegistered', data: { ...of, name: 'Bazaar' } },
        ...connections.map((partnerId) => ({
          type: 'MarketplaceConnectionAdded',
          data: { ...of, partnerId },
        })),
      );
    },
    marketplaceEvent: (network: NetworkId, id: number, event: MarketplacePartnerEvent) =>
      put(marketplacePartnerStreamId(network, marketplacePartnerId(id)), network, event),
    admitted: (network: NetworkId, id: EmployeeId) =>
      put(streamId('employee', network, 'roster'), network, {
        type: 'EmployeeAdmitted',
        data: {
          employeeId: id,
          issuer: 'https://idp.test',
          subject: `employee ${String(id)}`,
          superUser: false,
          permissions: [],
          scope: 'global',
        },
      }),
    partnerEvent: (network: NetworkId, id: PartnerId, event: PartnerEvent) =>
      put(partnerStreamId(network, id), network, event),
    async events(streamId?: string): Promise<readonly RecordedEvent[]> {
      const all: RecordedEvent[] = [];
      for await (const stored of store.readAll())
        if (streamId === undefined || stored.streamId === streamId)
          all.push(catalogue.decode(stored));
      return all;
    },
    /** Types of a ring's events, in order. */
    async story(ring: RingId): Promise<readonly string[]> {
      return (await this.events(keyRingStream(ring))).map(({ type }) => type);
    },
    async issued(ring: RingId, keyId: KeyId): Promise<KeyIssued['data']> {
      for (const { type, data } of await this.events(keyRingStream(ring)))
        if (type === 'KeyIssued' && (data as KeyIssued['data']).keyId === keyId)
          return data as KeyIssued['data'];
      throw new Error('the log knows no such key');
    },
    /** What look-ups find this secret by. */
    async lookupHash(secret: string): Promise<string> {
      const { peppers } = sealing;
      return peppers.hash(await peppers.current(), 'api-key', secret);
    },
  };
}

export type KeysLedger = ReturnType<typeof keysLedger>;

export const affiliateRing = (network = NETWORK, partner = PARTNER): RingId => ({
  networkId: network,
  portal: 'affiliate',
  holder: { type: 'partner', id: partner },
});

export const networkRing = (network = NETWORK): RingId => ({
  networkId: network,
  portal: 'network',
  holder: { type: 'network', id: network },
});

export function employee(change: {
  readonly network?: NetworkId;
  readonly id?: EmployeeId;
  readonly superUser?: boolean;
  readonly permissions?: readonly Permission[];
  readonly scope?: 'global' | 'limited';
}): Principal {
  return {
    actor: { type: 'employee', issuer: 'https://idp.test', subject: randomUUID() },
    networkId: change.network ?? NETWORK,
    employee: {
      employeeId: change.id ?? MANAGER,
      superUser: change.superUser ?? false,
      permissions: change.permissions ?? [],
      scope: change.scope ?? 'global',
    },
  };
}

export const SUPER_USER = employee({ superUser: true });

export function partnerUser(partner = PARTNER, network = NETWORK): Principal {
  return {
    actor: { type: 'partnerUser', ...ANA },
    networkId: network,
    partnerUser: { partnerId: partner },
  };
}
