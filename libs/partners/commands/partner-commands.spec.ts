import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Permission, Principal } from '#access';
import { AuthorityFence, IdentityReservations, LedgerAuthorizer, accessEvents } from '#access';
import type { Position } from '#event-store';
import { RecordingDenials } from '#access/testing';
import { EventCatalogue } from '#event-store';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import type { NetworkId, PartnerId } from '#kernel';
import { employeeId, networkId, partnerId } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { CONFLICT_RETRIES_MAX } from '#messaging';
import { memoryMessaging, requestContext } from '#messaging/testing';
import type { PartnerTrait } from '#networks';
import {
  CreateNetwork,
  IssueWebhookCredential,
  NetworkSettingsReader,
  WebhookCredentialVerifier,
  networksEvents,
} from '#networks';
import { networkCommands } from '#networks/testing';
import { memorySealing } from '#sealing/testing';
import {
  AssessPartnerTraits,
  AssignPartnerManager,
  ChangePartnerStatus,
  CloseFlag,
  ConfirmTechnicalCapacity,
  ImportPartners,
  LinkPartnerUser,
  OpenFlag,
  RegisterPartner,
  UnlinkPartnerUser,
  PartnerReader,
  partnersEvents,
} from '../index.js';
import { DEAD_LETTERS_PER_NETWORK_MAX } from '../ports/dead-letters.port.js';
import { MemoryDeadLetters } from '../testing/index.js';
import { AssignPartnerManagerHandler } from './assign-manager/assign-manager.handler.js';
import { AssessPartnerTraitsHandler } from './assess-traits/assess-traits.handler.js';
import { ChangePartnerStatusHandler } from './change-status/change-status.handler.js';
import { CloseFlagHandler } from './close-flag/close-flag.handler.js';
import { ConfirmTechnicalCapacityHandler } from './confirm-technical-capacity/confirm-technical-capacity.handler.js';
import { IMPORT_RECORDS_MAX } from './import-partners/import-partners.command.js';
import { ImportPartnersHandler } from './import-partners/import-partners.handler.js';
import { LinkPartnerUserHandler } from './link-user/link-user.handler.js';
import { ObservationIntake } from './observation-intake.js';
import { OpenFlagHandler } from './open-flag/open-flag.handler.js';
import { PartnerDecisions } from './partner-decisions.js';
import { RegisterPartnerHandler } from './register-partner/register-partner.handler.js';
import { TakePartnerWebhook } from './take-webhook/take-webhook.command.js';
import { TakePartnerWebhookHandler } from './take-webhook/take-webhook.handler.js';
import { UnlinkPartnerUserHandler } from './unlink-user/unlink-user.handler.js';

const NETWORK = networkId(101);
const OTHER = networkId(102);
const PARTNER = partnerId(2001);
const NOW = new Date('2026-02-01T00:00:00.000Z');

const employee = (
  id: number,
  permissions: readonly Permission[],
  scope: 'global' | 'limited' = 'global',
  network: NetworkId = NETWORK,
): Principal => ({
  actor: { type: 'employee', issuer: 'https://id.test', subject: `e${String(id)}` },
  networkId: network,
  employee: { employeeId: employeeId(id), superUser: false, permissions, scope },
});
const manager = employee(11, ['partners.read', 'partners.manage', 'partner.flags.manage']);
const limited = employee(12, ['partners.read', 'partners.manage'], 'limited');
const reader = employee(13, ['partners.read']);
const stranger = employee(14, ['partners.manage', 'partner.flags.manage'], 'global', OTHER);

class RecordingFence extends AuthorityFence {
  readonly raised: (readonly [NetworkId, Position])[] = [];
  override raise(network: NetworkId, position: Position): Promise<void> {
    this.raised.push([network, position]);
    return Promise.resolve();
  }
}

/** Lets somebody else act right before an event of a type is appended for the first time. */
class InterruptedStore extends MemoryEventStore {
  readonly interruptions = new Map<string, () => Promise<unknown>>();
  override async append(
    ...request: Parameters<MemoryEventStore['append']>
  ): ReturnType<MemoryEventStore['append']> {
    for (const { type } of request[2]) {
      const interruption = this.interruptions.get(type);
      this.interruptions.delete(type);
      await interruption?.();
    }
    return await super.append(...request);
  }
}

async function setUp() {
  const log = new MemoryLog();
  const store = new InterruptedStore(log);
  const { decisions, streams } = memoryMessaging({
    catalogue: new EventCatalogue(networksEvents, partnersEvents, accessEvents),
    store,
  });
  const { peppers } = memorySealing(new FixedClock(NOW));
  const authorizer = new LedgerAuthorizer();
  const partners = new PartnerReader(streams);
  const partnerDecisions = new PartnerDecisions(authorizer, partners, decisions);
  const identities = new IdentityReservations(decisions, streams);
  const fence = new RecordingFence();
  const intake = new ObservationIntake(decisions);
  const deadLetters = new MemoryDeadLetters();
  const denials = new RecordingDenials();
  const networks = new NetworkSettingsReader(streams);
  const verifier = new WebhookCredentialVerifier(networks, peppers);
  const register = new RegisterPartnerHandler(authorizer, decisions);
  for (const principal of [manager, stranger])
    await register.execute(
      new RegisterPartner(principal, contextOf(principal), {
        partnerId: PARTNER,
        name: 'Alder Publishing',
        status: 'active',
        managerId: employeeId(11),
      }),
    );
  const stored = async () => {
    const events: { type: string; data: string; metadata: string }[] = [];
    for await (const { type, data, metadata } of store.readAll())
      events.push({ type, data, metadata });
    return events;
  };
  return {
    store,
    decisions,
    peppers,
    authorizer,
    stored,
    partners,
    register,
    fence,
    deadLetters,
    denials,
    changeStatus: new ChangePartnerStatusHandler(partnerDecisions),
    assignManager: new AssignPartnerManagerHandler(partnerDecisions),
    confirm: new ConfirmTechnicalCapacityHandler(partnerDecisions),
    openFlag: new OpenFlagHandler(partnerDecisions),
    closeFlag: new CloseFlagHandler(partnerDecisions),
    assessTraits: new AssessPartnerTraitsHandler(partnerDecisions),
    link: new LinkPartnerUserHandler(partnerDecisions, identities, fence),
    unlink: new UnlinkPartnerUserHandler(partnerDecisions, identities, fence),
    import: new ImportPartnersHandler(authorizer, intake, store, decisions),
    webhook: new TakePartnerWebhookHandler(verifier, intake, deadLetters, peppers, denials),
  };
}
function contextOf(principal: Principal, changes: object = {}) {
  return requestContext({
    networkId: principal.networkId,
    actor: principal.actor,
    now: NOW,
    deadline: new Date(Date.now() + 10_000),
    ...changes,
  });
}

describe('commands on a partner', () => {
  it('are for who may manage partners, in its own network', async () => {
    const { changeStatus, partners } = await setUp();
    const input = { partnerId: PARTNER, status: 'suspended', reason: 'under review' } as const;
    await expect(
      changeStatus.execute(new ChangePartnerStatus(reader, contextOf(reader), input)),
    ).rejects.toMatchObject({ code: 'access/forbidden' });
    await changeStatus.execute(new ChangePartnerStatus(stranger, contextOf(stranger), input));
    expect(await partners.load(NETWORK, PARTNER)).toMatchObject({ status: 'active' });
    expect(await partners.load(OTHER, PARTNER)).toMatchObject({ status: 'suspended' });
  });

  it('do not find what is not there, and tell nothing to who may not act at all', async () => {
    const { changeStatus } = await setUp();
    const input = { partnerId: partnerId(9), status: 'inactive', reason: 'x' } as const;
    await expect(
      changeStatus.execute(new ChangePartnerStatus(manager, contextOf(manager), input)),
    ).rejects.toMatchObject({ code: 'partners/not-found' });
    for (const id of [9, PARTNER])
      await expect(
        changeStatus.execute(
          new ChangePartnerStatus(reader, contextOf(reader), {
            ...input,
            partnerId: partnerId(id),
          }),
        ),
      ).rejects.toMatchObject({
        code: 'access/forbidden',
        details: { required: 'partners.manage' },
      });
  });

  it('let a limited manager act on its own partners only, from the moment of the assignment', async () => {
    const { assignManager, assessTraits, register } = await setUp();
    const assess = () =>
      assessTraits.execute(
        new AssessPartnerTraits(limited, contextOf(limited), {
          partnerId: PARTNER,
          traits: { ownTooling: true },
        }),
      );
    await expect(assess()).rejects.toMatchObject({ code: 'access/forbidden' });
    await assignManager.execute(
      new AssignPartnerManager(manager, contextOf(manager), {
        partnerId: PARTNER,
        managerId: employeeId(12),
      }),
    );
    expect((await assess()).partner.traits.ownTooling).toBe(true);
    const another = { partnerId: partnerId(7), name: 'Birch', status: 'active' } as const;
    await expect(
      register.execute(
        new RegisterPartner(limited, contextOf(limited), { ...another, managerId: employeeId(11) }),
      ),
    ).rejects.toMatchObject({ code: 'access/forbidden' });
    await register.execute(
      new RegisterPartner(limited, contextOf(limited), { ...another, managerId: employeeId(12) }),
    );
  });

  it('are done once under one command id', async () => {
    const { openFlag, closeFlag, stored } = await setUp();
    const command = new OpenFlag(manager, contextOf(manager), {
      partnerId: PARTNER,
      kind: 'fraud',
      reason: 'click spikes',
    });
    const first = await openFlag.execute(command);
    const flagId = first.partner.openFlags[0]?.flagId ?? '';
    await closeFlag.execute(
      new CloseFlag(manager, contextOf(manager), {
        partnerId: PARTNER,
        flagId,
        reason: 'explained',
      }),
    );
    const again = await openFlag.execute(command);
    expect(again.position).toBe(first.position);
    expect(again.partner.openFlags).toEqual(first.partner.openFlags);
    expect((await stored()).filter(({ type }) => type === 'FlagOpened')).toHaveLength(1);
  });

  it('are not answered again to a limited manager who has lost the partner since', async () => {
    const { assignManager, assessTraits } = await setUp();
    const assign = (id: number) =>
      assignManager.execute(
        new AssignPartnerManager(manager, contextOf(manager), {
          partnerId: PARTNER,
          managerId: employeeId(id),
        }),
      );
    await assign(12);
    const command = new AssessPartnerTraits(limited, contextOf(limited), {
      partnerId: PARTNER,
      traits: { ownTooling: true },
    });
    await assessTraits.execute(command);
    await assign(11);
    await expect(assessTraits.execute(command)).rejects.toMatchObject({
      code: 'access/forbidden',
    });
  });

  it('take no text that must not be kept', async () => {
    const { confirm, openFlag } = await setUp();
    for (const evidence of ['', 'x'.repeat(1_001), 'a\u0000b', 'a\u202Eb'])
      await expect(
        confirm.execute(
          new ConfirmTechnicalCapacity(manager, contextOf(manager), {
            partnerId: PARTNER,
            evidence,
          }),
        ),
      ).rejects.toMatchObject({ code: 'request/text-not-allowed' });
    await expect(
      openFlag.execute(
        new OpenFlag(manager, contextOf(manager), {
          partnerId: PARTNER,
          kind: 'fraud',
          reason: 'x'.repeat(100_000),
        }),
      ),
    ).rejects.toMatchObject({ code: 'request/text-not-allowed', details: { field: '/reason' } });
  });

  it('assess traits in part', async () => {
    const { assessTraits, partners } = await setUp();
    const met: PartnerTrait[] = ['ownTooling', 'goodStanding'];
    for (const trait of met)
      await assessTraits.execute(
        new AssessPartnerTraits(manager, contextOf(manager), {
          partnerId: PARTNER,
          traits: { [trait]: true },
        }),
      );
    expect((await partners.load(NETWORK, PARTNER))?.traits).toMatchObject({
      ownTooling: true,
      goodStanding: true,
      steadyTraffic: false,
    });
  });
});

describe('a partner user', () => {
  const user = { issuer: 'https://login.test', subject: 'user-1' };
  const linking = (principal: Principal, partner = PARTNER) =>
    new LinkPartnerUser(principal, contextOf(principal), { partnerId: partner, user });
  const unlinking = (principal: Principal) =>
    new UnlinkPartnerUser(principal, contextOf(principal), { partnerId: PARTNER, user });

  const registering = (id: PartnerId, status: 'active' | 'offboarded' = 'active') =>
    new RegisterPartner(manager, contextOf(manager), {
      partnerId: id,
      name: 'Birch',
      status,
      managerId: null,
    });

  it('acts for one partner of a network at most', async () => {
    const { link, register, partners, fence } = await setUp();
    const other = partnerId(2002);
    await register.execute(registering(other));
    const { position } = await link.execute(linking(manager));
    await expect(link.execute(linking(manager, other))).rejects.toMatchObject({
      code: 'access/identity-taken',
    });
    expect((await partners.load(NETWORK, PARTNER))?.users).toEqual([user]);
    expect((await partners.load(NETWORK, other))?.users).toEqual([]);
    expect(fence.raised).toEqual([[NETWORK, position]]);
    await link.execute(linking(stranger));
  });

  it.each([
    'login.test',
    'login',
    'http://login.test',
    'javascript:alert(1)',
    'https://a:b@login.test',
  ])('is refused with an issuer that no token can come from: %s', async (issuer) => {
    const { link, partners } = await setUp();
    await expect(
      link.execute(
        new LinkPartnerUser(manager, contextOf(manager), {
          partnerId: PARTNER,
          user: { issuer, subject: 'u' },
        }),
      ),
    ).rejects.toMatchObject({
      code: 'request/invalid',
      details: { errors: [{ pointer: '/issuer' }] },
    });
    expect((await partners.load(NETWORK, PARTNER))?.users).toEqual([]);
  });

  it.each(['e\u0301va', ' eva', 'eva '])(
    'is linked under the very subject that its tokens have: %j',
    async (subject) => {
      const { link, unlink, partners } = await setUp();
      const given = { partnerId: PARTNER, user: { issuer: user.issuer, subject } };
      await link.execute(new LinkPartnerUser(manager, contextOf(manager), given));
      expect((await partners.load(NETWORK, PARTNER))?.users).toEqual([given.user]);
      await unlink.execute(new UnlinkPartnerUser(manager, contextOf(manager), given));
      expect((await partners.load(NETWORK, PARTNER))?.users).toEqual([]);
    },
  );

  it('is refused when its name is longer than a read model’s key may be', async () => {
    const { link, partners } = await setUp();
    const issuer = `https://login.test/${'\u{1F511}'.repeat(400)}`;
    await expect(
      link.execute(
        new LinkPartnerUser(manager, contextOf(manager), {
          partnerId: PARTNER,
          user: { issuer, subject: 'u' },
        }),
      ),
    ).rejects.toMatchObject({
      code: 'request/text-not-allowed',
      details: { reason: 'too-long', field: '/issuer' },
    });
    expect((await partners.load(NETWORK, PARTNER))?.users).toEqual([]);
  });

  it('is free for another partner once it is unlinked', async () => {
    const { link, unlink, register, fence } = await setUp();
    const other = partnerId(2002);
    await register.execute(registering(other));
    await link.execute(linking(manager));
    await unlink.execute(unlinking(manager));
    const { partner } = await link.execute(linking(manager, other));
    expect(partner.users).toEqual([user]);
    expect(fence.raised).toHaveLength(3);
  });

  describe('who is linked again in the moment in which the link before ends', () => {
    const taken = { code: 'access/identity-taken' };
    const linkedElsewhere = async ({ link, register }: Awaited<ReturnType<typeof setUp>>) => {
      const other = partnerId(2002);
      await register.execute(registering(other));
      return await link.execute(linking(manager, other));
    };

    it('keeps the identity when the release comes last', async () => {
      const all = await setUp();
      await all.link.execute(linking(manager));
      all.store.interruptions.set('IdentityReleased', () => all.link.execute(linking(manager)));
      await all.unlink.execute(unlinking(manager));
      expect((await all.partners.load(NETWORK, PARTNER))?.users).toEqual([user]);
      await expect(linkedElsewhere(all)).rejects.toMatchObject(taken);
      await all.unlink.execute(unlinking(manager));
      expect((await linkedElsewhere(all)).partner.users).toEqual([user]);
    });

    it('keeps the identity when the release comes between its reservation and its link', async () => {
      const all = await setUp();
      await all.link.execute(linking(manager));
      const relinked = new Promise((resolve, reject) => {
        all.store.interruptions.set('IdentityReleased', async () => {
          // The release goes on once the link has reserved, and the link once the release is over.
          const reserved = new Promise<void>((tell) => {
            all.store.interruptions.set('PartnerUserLinked', async () => {
              tell();
              await released;
            });
          });
          all.link.execute(linking(manager)).then(resolve, reject);
          await reserved;
        });
      });
      const released = all.unlink.execute(unlinking(manager));
      await Promise.all([released, relinked]);
      expect((await all.partners.load(NETWORK, PARTNER))?.users).toEqual([user]);
      await expect(linkedElsewhere(all)).rejects.toMatchObject(taken);
    });

    it('keeps the identity when the request for the link was interrupted and is sent again', async () => {
      const all = await setUp();
      const request = linking(manager);
      all.store.interruptions.set('PartnerUserLinked', () => Promise.reject(new Error('died')));
      await expect(all.link.execute(request)).rejects.toThrow('died');
      await all.link.execute(linking(manager));
      await all.unlink.execute(unlinking(manager));
      await all.link.execute(request);
      await expect(linkedElsewhere(all)).rejects.toMatchObject(taken);
    });
  });

  it('is nobody here any more before its identity is free, and though it could not be freed yet', async () => {
    const { fence, link, partners, store, unlink } = await setUp();
    await link.execute(linking(manager));
    let raised: readonly unknown[] = [];
    store.interruptions.set('IdentityReleased', () => {
      raised = [...fence.raised];
      return Promise.reject(new Error('away'));
    });
    const { position } = await unlink.execute(unlinking(manager));
    expect(raised).toContainEqual([NETWORK, position]);
    expect((await partners.load(NETWORK, PARTNER))?.users).toEqual([]);
  });

  it('reserves nothing more when it is linked already', async () => {
    const { link, stored } = await setUp();
    for (let n = 0; n < 3; n += 1) await link.execute(linking(manager));
    expect((await stored()).filter(({ type }) => type === 'IdentityReserved')).toHaveLength(1);
  });

  it('stays free when the link is refused after it was reserved', async () => {
    const all = await setUp();
    const { changeStatus, link, register, store } = all;
    const other = partnerId(2002);
    await register.execute(registering(other));
    store.interruptions.set('PartnerUserLinked', () =>
      changeStatus.execute(
        new ChangePartnerStatus(manager, contextOf(manager), {
          partnerId: PARTNER,
          status: 'offboarded',
          reason: 'contract ended',
        }),
      ),
    );
    await expect(link.execute(linking(manager))).rejects.toMatchObject({
      code: 'partners/offboarded',
    });
    await link.execute(linking(manager, other));
  });

  it('stays free when the link is refused', async () => {
    const { link, register } = await setUp();
    const [gone, other] = [partnerId(2002), partnerId(2003)];
    for (const [id, status] of [
      [gone, 'offboarded'],
      [other, 'active'],
    ] as const)
      await register.execute(registering(id, status));
    await expect(link.execute(linking(manager, gone))).rejects.toMatchObject({
      code: 'partners/offboarded',
    });
    await link.execute(linking(manager, other));
  });

  it('keeps its reservation when an offboarded partner’s link is asked for again', async () => {
    const { link, register, changeStatus } = await setUp();
    const other = partnerId(2002);
    await register.execute(registering(other));
    await link.execute(linking(manager));
    await changeStatus.execute(
      new ChangePartnerStatus(manager, contextOf(manager), {
        partnerId: PARTNER,
        status: 'offboarded',
        reason: 'contract ended',
      }),
    );
    await link.execute(linking(manager));
    await expect(link.execute(linking(manager, other))).rejects.toMatchObject({
      code: 'access/identity-taken',
    });
  });
});

const example = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../examples/${path}`, import.meta.url), 'utf8'));
const LIST = example('partners-array.json') as Record<string, unknown>[];

describe('an import', () => {
  const run = (
    { import: handler }: Awaited<ReturnType<typeof setUp>>,
    records: readonly unknown[],
    principal = manager,
  ) => handler.execute(new ImportPartners(principal, contextOf(principal), { records }));

  it('registers what is new and changes what is newer; run twice it changes nothing', async () => {
    const all = await setUp();
    const first = await run(all, LIST);
    expect(first.results.map(({ outcome }) => outcome)).toEqual([
      'unchanged',
      ...Array.from({ length: 7 }, () => 'registered'),
    ]);
    expect(await all.partners.load(NETWORK, partnerId(2004))).toMatchObject({
      name: 'Driftwood Creators',
      status: 'suspended',
      managerId: 12,
    });
    const before = await all.stored();
    const second = await run(all, LIST);
    expect(second.results.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
    expect(await all.stored()).toEqual(before);
    expect(second.position).toBeGreaterThanOrEqual(first.position);
  });

  it('judges each record by itself and says where it is wrong', async () => {
    const all = await setUp();
    const records = example('partners-with-errors.json') as unknown[];
    const { results } = await run(all, [...records, null, { network_affiliate_id: 77 }]);
    expect(results).toEqual([
      { partnerId: 2001, outcome: 'unchanged' },
      {
        partnerId: null,
        outcome: 'refused',
        refusal: { pointer: '/network_affiliate_id', reason: 'not-an-integer' },
      },
      {
        partnerId: 2003,
        outcome: 'refused',
        refusal: { pointer: '/account_status', reason: 'not-a-status' },
      },
      {
        partnerId: 2004,
        outcome: 'refused',
        refusal: { pointer: '/network_id', reason: 'other-network' },
      },
      { partnerId: null, outcome: 'refused', refusal: { pointer: '', reason: 'not-an-object' } },
      {
        partnerId: 77,
        outcome: 'refused',
        refusal: { pointer: '/time_created', reason: 'required' },
      },
    ]);
  });

  it('ends with the newest of several records of one partner, whatever their order', async () => {
    const all = await setUp();
    const [, record] = LIST;
    const at = (second: number, name: string) => ({ ...record, time_saved: second, name });
    await run(all, [
      at(1_760_000_300, 'C'),
      at(1_760_000_100, 'A'),
      at(1_760_000_200, 'B'),
      at(1_760_000_300, 'C'),
    ]);
    expect(await all.partners.load(NETWORK, partnerId(2002))).toMatchObject({ name: 'C' });
  });

  it('leaves no personal datum in the log', async () => {
    const all = await setUp();
    await run(all, LIST);
    const log = JSON.stringify(await all.stored());
    expect(log).not.toMatch(/example\.com|Street|Exampleton|EX-1|\+1 555|Farah|Wilk|sub ID report/);
  });

  it('is bounded', async () => {
    const all = await setUp();
    const records = Array.from({ length: IMPORT_RECORDS_MAX + 1 }, () => ({}));
    await expect(run(all, records)).rejects.toMatchObject({
      code: 'partners/import-batch-too-large',
      details: { max: IMPORT_RECORDS_MAX },
    });
  });

  it('ends with its caller, and leaves the rest to the next attempt', async () => {
    const all = await setUp();
    const gone = new AbortController();
    gone.abort();
    const before = await all.stored();
    await all.import.execute(
      new ImportPartners(manager, contextOf(manager, { signal: gone.signal }), { records: LIST }),
    );
    expect(await all.stored()).toEqual(before);
    expect((await run(all, LIST)).results).toHaveLength(8);
  });

  it('takes from a limited manager its own partners only', async () => {
    const all = await setUp();
    const { results } = await run(all, LIST, limited);
    expect(
      results.filter(({ outcome }) => outcome === 'registered').map(({ partnerId: id }) => id),
    ).toEqual([2003, 2004, 2006]);
    expect(results[0]).toEqual({
      partnerId: 2001,
      outcome: 'refused',
      refusal: { pointer: '/network_employee_id', reason: 'not-your-partner' },
    });
    await expect(run(all, LIST, reader)).rejects.toMatchObject({ code: 'access/forbidden' });
  });

  it('refuses what it refused also where the same record comes again', async () => {
    const all = await setUp();
    const [foreign] = LIST;
    const { results } = await run(all, [foreign, foreign], limited);
    expect(results.map(({ outcome }) => outcome)).toEqual(['refused', 'refused']);
  });
});

describe('a webhook', () => {
  const operator: Principal = {
    actor: { type: 'operator', issuer: 'https://ops.test', subject: 'o' },
    networkId: null,
  };
  const superUser: Principal = {
    ...manager,
    employee: { employeeId: employeeId(1), superUser: true, permissions: [], scope: 'global' },
  };

  async function withCredential() {
    const all = await setUp();
    const commands = networkCommands(all);
    await commands.create(
      new CreateNetwork(operator, requestContext({ networkId: null }), {
        networkId: NETWORK,
        name: 'Northwind Media',
        region: 'us',
      }),
    );
    const { credential, credentialId } = await commands.issue(
      new IssueWebhookCredential(superUser, contextOf(superUser), {
        networkId: NETWORK,
        label: 'vendor',
      }),
    );
    const take = (
      kind: 'created' | 'updated' | 'signed-up' | 'sign-up-verdict',
      body: unknown,
      given: string | undefined = credential ?? undefined,
    ) =>
      all.webhook.execute(
        new TakePartnerWebhook(
          requestContext({
            networkId: null,
            actor: { type: 'service', issuer: 'anonymous', subject: 'anonymous' },
            now: NOW,
            deadline: new Date(Date.now() + 10_000),
          }),
          { credential: given, kind, content: { json: body }, bytes: 100 },
        ),
      );
    return { ...all, take, credentialId };
  }

  it('registers and changes partners of the network that its credential names', async () => {
    const { take, partners, stored, credentialId } = await withCredential();
    expect(await take('signed-up', example('webhooks/partner-signed-up.json'))).toMatchObject({
      partnerId: 2003,
      outcome: 'registered',
    });
    expect(
      await take('sign-up-verdict', example('webhooks/partner-sign-up-verdict.json')),
    ).toMatchObject({ outcome: 'changed' });
    expect(await partners.load(NETWORK, partnerId(2003))).toMatchObject({ status: 'active' });
    expect(await partners.load(OTHER, partnerId(2003))).toBeUndefined();
    expect(JSON.parse((await stored()).at(-1)?.metadata ?? '')).toMatchObject({
      networkId: 101,
      actor: { type: 'service', issuer: 'keyledger:webhook', subject: credentialId },
    });
  });

  it('changes nothing when it is delivered again, or late', async () => {
    const { take, stored } = await withCredential();
    await take('created', example('webhooks/partner-created.json'));
    await take('updated', example('webhooks/partner-updated.json'));
    const before = await stored();
    for (const [kind, path] of [
      ['created', 'webhooks/partner-created.json'],
      ['updated', 'webhooks/partner-updated.json'],
      ['created', 'webhooks/partner-created.json'],
    ] as const)
      expect(await take(kind, example(path))).toMatchObject({ outcome: 'unchanged' });
    expect(await stored()).toEqual(before);
  });

  it('of a burst about one partner is taken however often others come before it', async () => {
    const { take, partners, store } = await withCredential();
    const signedUp = example('webhooks/partner-signed-up.json') as Record<string, unknown>;
    const saved = (seconds: number) => ({
      ...signedUp,
      name: `After ${String(seconds)} s`,
      time_saved: Number(signedUp['time_saved']) + seconds,
    });
    await take('signed-up', signedUp);
    const append = store.append.bind(store);
    let others = 0;
    let isOther = false;
    store.append = async (...given) => {
      if (!isOther && others <= CONFLICT_RETRIES_MAX) {
        isOther = true;
        await take('updated', saved((others += 1)));
        isOther = false;
      }
      return append(...given);
    };
    expect(await take('updated', saved(60))).toMatchObject({ outcome: 'changed' });
    expect(others).toBe(CONFLICT_RETRIES_MAX + 1);
    expect(await partners.load(NETWORK, partnerId(2003))).toMatchObject({ name: 'After 60 s' });
  });

  it('of one second ends alike whether the update or the verdict comes first', async () => {
    const signedUp = example('webhooks/partner-signed-up.json') as Record<string, unknown>;
    const verdict = example('webhooks/partner-sign-up-verdict.json') as Record<string, unknown>;
    const updated = { ...signedUp, time_saved: verdict['timestamp'], account_status: 'pending' };
    const ends = [];
    for (const order of ['updated first', 'verdict first']) {
      const { take, partners } = await withCredential();
      await take('signed-up', signedUp);
      if (order === 'updated first') await take('updated', updated);
      await take('sign-up-verdict', verdict);
      await take('updated', updated);
      ends.push(await partners.load(NETWORK, partnerId(2003)));
    }
    expect(ends[0]).toEqual(ends[1]);
    expect(ends[0]).toMatchObject({ status: 'active' });
  });

  it('without an accepted credential stores nothing, not even a dead letter', async () => {
    const { take, stored, deadLetters, denials } = await withCredential();
    const before = await stored();
    for (const credential of ['', 'klwh_101_x', `klwh_101_${randomUUID()}_${'A'.repeat(43)}`])
      await expect(take('created', { broken: true }, credential)).rejects.toMatchObject({
        code: 'networks/webhook-credential-invalid',
      });
    expect(await stored()).toEqual(before);
    expect(deadLetters.letters(NETWORK)).toEqual([]);
    expect(denials.denials).toEqual(
      [1, 2, 3].map(() => ({
        ip: undefined,
        code: 'networks/webhook-credential-invalid',
        networkId: null,
      })),
    );
  });

  it('that is malformed is refused with the place, and kept without what it said', async () => {
    const { take, deadLetters, credentialId } = await withCredential();
    const created = example('webhooks/partner-created.json') as Record<string, unknown>;
    const body = { ...created, account_status: 'on holiday', secret_note: 'call Grace' };
    for (let times = 0; times < 3; times += 1)
      await expect(take('created', body)).rejects.toMatchObject({
        code: 'partners/malformed-record',
        details: { errors: [{ pointer: '/account_status', problem: 'not-a-status' }] },
      });
    const letters = deadLetters.letters(NETWORK);
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({
      count: 3,
      letter: {
        kind: 'created',
        partnerId: 2005,
        credentialId,
        pointer: '/account_status',
        shape: { account_status: 'string', name: 'string' },
      },
    });
    expect(JSON.stringify(letters)).not.toMatch(/Grace|Okoro|holiday|secret_note|Elmfield|203\.0/);
    expect(deadLetters.letters(OTHER)).toEqual([]);
  });

  it('that names another network is a dead letter of the credential’s network', async () => {
    const { take, partners, deadLetters } = await withCredential();
    const created = example('webhooks/partner-created.json') as Record<string, unknown>;
    await expect(take('created', { ...created, network_id: 102 })).rejects.toMatchObject({
      details: { errors: [{ pointer: '/network_id', problem: 'other-network' }] },
    });
    expect(await partners.load(OTHER, partnerId(2005))).toBeUndefined();
    expect(deadLetters.letters(NETWORK)).toHaveLength(1);
    expect(deadLetters.letters(OTHER)).toHaveLength(0);
  });

  it('fills no more than the network’s share of dead letters', async () => {
    const { take, deadLetters } = await withCredential();
    for (let id = 1; id <= DEAD_LETTERS_PER_NETWORK_MAX + 5; id += 1)
      await take('created', { network_affiliate_id: id }).catch(() => undefined);
    const letters = deadLetters.letters(NETWORK);
    expect(letters).toHaveLength(DEAD_LETTERS_PER_NETWORK_MAX);
    expect(letters.at(-1)?.letter.partnerId).toBe(DEAD_LETTERS_PER_NETWORK_MAX + 5);
  });
});
