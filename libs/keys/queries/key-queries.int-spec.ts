import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Principal } from '#access';
import { LedgerAuthorizer } from '#access';
import type { Position } from '#event-store';
import { EventCatalogue, ledgerEvents, openLedger, position } from '#event-store';
import { MemoryEventStore } from '#event-store/memory';
import type { DomainEvent, EmployeeId, KeyId, NetworkId, PartnerId, ShareId } from '#kernel';
import { Clock, DomainError } from '#kernel';
import { memoryMessaging } from '#messaging/testing';
import { networksEvents, NetworkSettingsReader, networkStreamId } from '#networks';
import { partnersEvents, partnersProjections, partnerStreamId } from '#partners';
import { createPool, migrate } from '#platform/postgres';
import {
  createRunnerPool,
  PostgresReadModels,
  ProjectionRunner,
  projectionsMigrations,
} from '#projections';
import { TestPatience } from '#projections/testing';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import type { ReadPlace } from '#projections';
import type { KeyRingEvent } from '../domain/key-ring.events.js';
import type { HolderType, Portal } from '../domain/portal.value.js';
import { keyRingStream } from '../domain/portal.value.js';
import { keysEvents } from '../keys.catalogue.js';
import { keyDirectoryProjection } from '../projections/key-directory.projection.js';
import { KeyDirectoryReader } from './key-directory.reader.js';
import { GetKey } from './keys/get-key.query.js';
import { GetKeyHandler } from './keys/get-key.query-handler.js';
import type { KeyView } from './keys/key.view.js';
import type { ListKeysInput } from './keys/list-keys.query.js';
import { ListKeys } from './keys/list-keys.query.js';
import { ListKeysOfPartners } from './keys/list-keys-of-partners.query.js';
import { ListKeysOfPartnersHandler } from './keys/list-keys-of-partners.query-handler.js';
import { ListKeysHandler } from './keys/list-keys.query-handler.js';
import { GetOwnApi } from './own-api/get-own-api.query.js';
import { GetOwnApiHandler, OWN_KEYS_MAX } from './own-api/get-own-api.query-handler.js';
import { GetShare } from './shares/get-share.query.js';
import { GetShareHandler } from './shares/get-share.query-handler.js';
import { ListShares } from './shares/list-shares.query.js';
import { ListSharesHandler } from './shares/list-shares.query-handler.js';

class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}

const HOUR_MS = 3_600_000;
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

const catalogue = new EventCatalogue(ledgerEvents, keysEvents, partnersEvents, networksEvents);
const clock = new SystemClock();
const store = new MemoryEventStore();
const { streams } = memoryMessaging({ catalogue, clock, store });
const revisions = new Map<string, bigint>();
const closing: (() => Promise<unknown>)[] = [];
let database: TestDatabase;
let listKeys: ListKeysHandler;
let getKey: GetKeyHandler;
let listShares: ListSharesHandler;
let getShare: GetShareHandler;
let ownApi: GetOwnApiHandler;
let directory: KeyDirectoryReader;
const patience = new TestPatience();

beforeAll(async () => {
  database = await testDatabase();
  await migrate(database.url, projectionsMigrations);
  await openLedger(store, { clock });
  const pool = createRunnerPool({ connectionString: database.url });
  const runner = new ProjectionRunner({ store, catalogue, clock, pool }, [
    keyDirectoryProjection,
    ...partnersProjections,
  ]);
  closing.push(
    () => runner.stop(),
    () => pool.end(),
  );
  runner.start();
  const reads = createPool({ url: database.url, applicationName: 'queries' });
  closing.push(() => reads.end());
  directory = new KeyDirectoryReader(
    new LedgerAuthorizer(),
    new PostgresReadModels(reads, { store, clock }, patience),
    clock,
  );
  listKeys = new ListKeysHandler(directory);
  getKey = new GetKeyHandler(directory);
  listShares = new ListSharesHandler(directory);
  getShare = new GetShareHandler(directory);
  ownApi = new GetOwnApiHandler(directory, store, new NetworkSettingsReader(streams));
});
afterAll(async () => {
  for (const close of closing) await close();
  await database.drop();
});

async function append(
  networkId: number,
  streamId: string,
  event: DomainEvent,
  recordedAt = clock.now().toISOString(),
): Promise<Position> {
  const id = randomUUID();
  const expected = revisions.get(streamId);
  const result = await store.append(streamId, expected ?? 'noStream', [
    catalogue.encode(id, event, {
      $correlationId: id,
      $causationId: id,
      commandId: id,
      requestHash: '',
      actor: { type: 'employee', issuer: 'https://id.example', subject: 'ann' },
      networkId,
      recordedBy: 'spec',
      recordedAt,
      salt: '',
    }),
  ]);
  revisions.set(streamId, result.revision);
  return result.position;
}

const holders: Readonly<Record<Portal, HolderType>> = {
  affiliate: 'partner',
  advertiser: 'advertiser',
  network: 'network',
  marketplace: 'marketplacePartner',
};

/** A network of its own each, so that no test sees another's keys. */
let networks = 100;
function newNetwork() {
  const network = (networks += 1) as NetworkId;
  const stream = (holderId: number, portal: Portal) =>
    keyRingStream({ networkId: network, portal, holder: { type: holders[portal], id: holderId } });
  const ring = (event: KeyRingEvent, holderId = 7, portal: Portal = 'affiliate') =>
    append(network, stream(holderId, portal), event);
  return {
    network,
    ring,
    create: () =>
      append(network, networkStreamId(network), {
        type: 'NetworkCreated',
        data: { name: 'Acme', region: 'eu' },
      }),
    partner: (id: number, managerId: number | null) =>
      append(network, partnerStreamId(network, id as PartnerId), {
        type: 'PartnerRegistered',
        data: {
          partnerId: id,
          name: `Partner ${String(id)}`,
          status: 'active',
          managerId,
          source: 'manual',
          sourceTime: clock.now().toISOString(),
        },
      }),
    issue: async (
      holderId = 7,
      {
        label = 'Dashboard',
        portal = 'affiliate',
        expiresAt = null,
      }: { label?: string; portal?: Portal; expiresAt?: string | null } = {},
    ) => {
      const keyId = randomUUID() as KeyId;
      const at = await ring(
        {
          type: 'KeyIssued',
          data: {
            keyId,
            portal,
            holder: { type: holders[portal], id: holderId },
            label,
            prefix: 'kl',
            hint: '9xYz',
            secret: { storage: 'sealed', pepperId: 'p', lookupHash: 'h' },
            verdict: { eligible: true, blockers: [], score: 4, threshold: 4, traits: [] },
            permissions: [],
            employeeId: null,
            expiresAt,
            replaces: null,
          },
        },
        holderId,
        portal,
      );
      return { keyId, at };
    },
    revoke: (keyId: KeyId, holderId = 7) =>
      ring(
        { type: 'KeyRevoked', data: { keyId, reason: 'leaked', note: null, replacedBy: null } },
        holderId,
      ),
    /** At a time of its own. */
    reveal: async (keyId: KeyId, holderId = 7) => {
      const before = clock.now().toISOString();
      while (clock.now().toISOString() === before) await Promise.resolve();
      const time = clock.now().toISOString();
      const at = await append(
        network,
        stream(holderId, 'affiliate'),
        { type: 'KeyRevealed', data: { keyId, purpose: 'resend', note: null } },
        time,
      );
      return { at, time };
    },
    share: async (keyId: KeyId, { expiresAt = fromNow(HOUR_MS), holderId = 7 } = {}) => {
      const shareId = randomUUID() as ShareId;
      const at = await ring(
        {
          type: 'KeyShared',
          data: {
            shareId,
            keyId,
            recipient: { type: 'holderUsers', reference: String(holderId) },
            channel: 'email',
            reason: 'First',
            bound: 'users',
            tokenHash: 'h',
            pepperId: 'p',
            expiresAt,
          },
        },
        holderId,
      );
      return { shareId, at };
    },
  };
}

const employee = (
  networkId: NetworkId,
  more: Partial<NonNullable<Principal['employee']>> = {},
): Principal => ({
  actor: { type: 'employee', issuer: 'https://id.example', subject: 'ann' },
  networkId,
  employee: {
    employeeId: 1 as EmployeeId,
    superUser: false,
    permissions: ['partner.api_keys.read'],
    scope: 'global',
    ...more,
  },
});
const partnerUser = (networkId: NetworkId, partnerId: number): Principal => ({
  actor: { type: 'partnerUser', issuer: 'https://id.example', subject: 'pat' },
  networkId,
  partnerUser: { partnerId: partnerId as PartnerId },
});

/** Freshest unless said otherwise. */
async function fresh(options: ReadPlace = {}): Promise<ReadPlace> {
  const head = await store.head();
  return head === undefined ? options : { atLeast: head, ...options };
}
const keys = async (principal: Principal, input: ListKeysInput = {}, options?: ReadPlace) => {
  const { value } = await listKeys.execute(new ListKeys(principal, input, await fresh(options)));
  return value;
};
const keyIds = async (principal: Principal, input: ListKeysInput = {}, options?: ReadPlace) =>
  (await keys(principal, input, options)).items.map(({ keyId }) => keyId);
const key = async (principal: Principal, keyId: KeyId, options?: ReadPlace) =>
  (await getKey.execute(new GetKey(principal, { keyId }, await fresh(options)))).value;

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof DomainError)) throw new Error('expected a refusal', { cause: error });
  return error.code;
}

describe('the list of keys', () => {
  it('holds the keys of the caller’s network alone, newest first', async () => {
    const [one, other] = [newNetwork(), newNetwork()];
    const first = await one.issue();
    await other.issue();
    const second = await one.issue();
    expect(await keyIds(employee(one.network))).toEqual([second.keyId, first.keyId]);
  });

  it('pages without a gap or a double while keys are issued and revoked', async () => {
    const { network, issue, revoke } = newNetwork();
    const issued: string[] = [];
    for (let n = 0; n < 5; n += 1) issued.unshift((await issue(n + 1)).keyId);
    const caller = employee(network);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const { items, page } = await keys(caller, { first: 2, ...(after ? { after } : {}) });
      seen.push(...items.map(({ keyId }) => keyId));
      expect(page.hasNextPage).toBe(seen.length < 5);
      after = page.hasNextPage ? (page.endCursor ?? undefined) : undefined;
      await issue(9);
      await revoke(issued[0] as KeyId, 5);
    } while (after !== undefined);
    expect(seen).toEqual(issued);
  });

  it('takes no cursor of another network or another list', async () => {
    const [one, other] = [newNetwork(), newNetwork()];
    const { keyId } = await one.issue();
    await one.share(keyId);
    await one.issue();
    const { page } = await keys(employee(one.network), { first: 1 });
    const after = page.endCursor ?? '';
    expect(await refusal(keys(employee(other.network), { after }))).toBe('request/invalid-cursor');
    expect(
      await refusal(
        (async () => listShares.execute(new ListShares(employee(one.network), { after })))(),
      ),
    ).toBe('request/invalid-cursor');
  });

  it('filters by partner, holder, portal and label', async () => {
    const { network, issue } = newNetwork();
    const a = await issue(7, { label: 'Looker 100%' });
    const b = await issue(8, { label: 'Sheets_daily' });
    const c = await issue(7, { portal: 'advertiser', label: 'looker for ads' });
    const caller = employee(network);
    expect(await keyIds(caller, { partnerId: 7 })).toEqual([a.keyId]);
    expect(await keyIds(caller, { holderType: 'advertiser', holderId: 7 })).toEqual([c.keyId]);
    expect(await keyIds(caller, { portal: 'affiliate' })).toEqual([b.keyId, a.keyId]);
    expect(await keyIds(caller, { label: 'LOOKER' })).toEqual([c.keyId, a.keyId]);
    expect(await keyIds(caller, { label: '%' })).toEqual([a.keyId]);
    expect(await keyIds(caller, { label: '_' })).toEqual([b.keyId]);
    expect(await refusal(keys(caller, { label: 'a\u0000b' }))).toBe('request/text-not-allowed');
  });

  it('keeps revoked keys listable, and shows a key as expired from that moment on', async () => {
    const { network, issue, revoke } = newNetwork();
    const revoked = await issue();
    await revoke(revoked.keyId);
    const lapsed = await issue(7, { expiresAt: fromNow(-HOUR_MS) });
    const live = await issue(7, { expiresAt: fromNow(HOUR_MS) });
    const caller = employee(network);
    expect(await keyIds(caller, { status: 'revoked' })).toEqual([revoked.keyId]);
    expect(await keyIds(caller, { status: 'expired' })).toEqual([lapsed.keyId]);
    expect(await keyIds(caller, { status: 'active' })).toEqual([live.keyId]);
    expect((await key(caller, lapsed.keyId)).status).toBe('expired');
  });

  it('is for employees with the permission, and shows nothing to operators and partners', async () => {
    const { network, issue } = newNetwork();
    await issue();
    const operator: Principal = {
      actor: { type: 'operator', issuer: 'https://ops.example', subject: 'op' },
      networkId: null,
    };
    for (const caller of [
      operator,
      partnerUser(network, 7),
      employee(network, { permissions: [] }),
    ])
      expect(await refusal(keys(caller))).toBe('access/forbidden');
  });
});

describe('a limited manager', () => {
  it('sees the keys and shares of the partners that are theirs now, and no others', async () => {
    const { network, partner, issue, share, ring } = newNetwork();
    await partner(7, 1);
    await partner(8, 2);
    const mine = await issue(7);
    const others = await issue(8);
    const nobodys = await issue(7, { portal: 'advertiser' });
    const myShare = await share(mine.keyId);
    const otherShare = await share(others.keyId, { holderId: 8 });
    const limited = employee(network, { scope: 'limited' });

    expect(await keyIds(limited)).toEqual([mine.keyId]);
    expect((await key(limited, mine.keyId)).keyId).toBe(mine.keyId);
    for (const { keyId } of [others, nobodys])
      expect(await refusal(key(limited, keyId))).toBe('access/forbidden');
    const shares = await listShares.execute(new ListShares(limited, {}, await fresh()));
    expect(shares.value.items.map(({ shareId }) => shareId)).toEqual([myShare.shareId]);
    const foreign = new GetShare(limited, { shareId: otherShare.shareId }, await fresh());
    expect(await refusal(getShare.execute(foreign))).toBe('access/forbidden');

    const before = await ring({
      type: 'KeyRelabeled',
      data: { keyId: mine.keyId, from: 'Dashboard', to: 'Looker' },
    });
    await append(network, partnerStreamId(network, 7 as PartnerId), {
      type: 'PartnerManagerAssigned',
      data: { from: 1, to: 2, source: 'manual', sourceTime: fromNow(0) },
    });
    expect(await keyIds(limited)).toEqual([]);
    expect(await keyIds(limited, {}, { asOf: { position: before } })).toEqual([]);
    const then = { asOf: { position: before } };
    expect(await refusal(key(limited, mine.keyId, then))).toBe('access/forbidden');
  });

  it('is not limited when it is a super user', async () => {
    const { network, issue } = newNetwork();
    const { keyId } = await issue();
    const caller = employee(network, { scope: 'limited', superUser: true });
    expect(await keyIds(caller)).toEqual([keyId]);
  });
});

describe('one key', () => {
  it('shows verdict, place, version and open shares, and no secret', async () => {
    const { network, issue, share, ring } = newNetwork();
    const { keyId, at } = await issue();
    await share(keyId);
    await share(keyId, { expiresAt: fromNow(-HOUR_MS) });
    await ring({ type: 'KeyRelabeled', data: { keyId, from: 'Dashboard', to: 'Looker' } });
    expect(await key(employee(network), keyId)).toMatchObject({
      keyId,
      partnerId: 7,
      holder: { type: 'partner', id: 7 },
      label: 'Looker',
      masked: 'kl_aff_…9xYz',
      version: 2,
      openShares: 1,
      verdict: { eligible: true },
      issued: { position: String(at), by: { subject: 'ann' } },
      revocation: null,
    });
  });

  it('of another network is not found, just as one that never was', async () => {
    const [one, other] = [newNetwork(), newNetwork()];
    const { keyId } = await one.issue();
    const never = randomUUID() as KeyId;
    for (const id of [keyId, never])
      expect(await refusal(key(employee(other.network), id))).toBe('keys/key-not-found');
  });

  it('is shown as it was at a position or a time, with the shares of then', async () => {
    const { network, ring, revoke, share } = newNetwork();
    const keyId = randomUUID() as KeyId;
    const { issue } = newNetwork();
    const before = (await issue()).at;
    const at = await ring({
      type: 'KeyIssued',
      data: {
        keyId,
        portal: 'affiliate',
        holder: { type: 'partner', id: 7 },
        label: 'Old',
        prefix: 'kl',
        hint: '9xYz',
        secret: { storage: 'sealed', pepperId: 'p', lookupHash: 'h' },
        verdict: null,
        permissions: [],
        employeeId: null,
        expiresAt: null,
        replaces: null,
      },
    });
    const { shareId, at: sharedAt } = await share(keyId);
    const time = clock.now().toISOString();
    while (clock.now().toISOString() === time) await Promise.resolve();
    await ring({ type: 'ShareEnded', data: { shareId, keyId, reason: 'keyRevoked' } });
    await revoke(keyId);
    const caller = employee(network);

    expect(await key(caller, keyId)).toMatchObject({ status: 'revoked', openShares: 0 });
    const then = { status: 'active', revocation: null };
    expect(await key(caller, keyId, { asOf: { position: at } })).toMatchObject({
      ...then,
      openShares: 0,
    });
    expect(await key(caller, keyId, { asOf: { position: sharedAt } })).toMatchObject({
      ...then,
      openShares: 1,
    });
    expect(await key(caller, keyId, { asOf: { time } })).toMatchObject({ ...then, openShares: 1 });
    expect(await keyIds(caller, { status: 'active' }, { asOf: { time } })).toEqual([keyId]);
    expect(await refusal(key(caller, keyId, { asOf: { position: before } }))).toBe(
      'keys/key-not-found',
    );
    expect(await keyIds(caller, {}, { asOf: { position: before } })).toEqual([]);
  });

  it('tells when it was last shared and revealed, up to the position or time that is looked at', async () => {
    const { network, issue, share, reveal, revoke } = newNetwork();
    const other = await issue();
    const { keyId, at: issuedAt } = await issue();
    const firstShare = await share(keyId);
    const firstReveal = await reveal(keyId);
    const otherReveal = await reveal(other.keyId);
    const lastReveal = await reveal(keyId);
    const lastShare = await share(keyId);
    await revoke(keyId);

    const caller = employee(network);
    const sharedAt = async ({ shareId }: { readonly shareId: ShareId }) => {
      const query = new GetShare(caller, { shareId }, await fresh());
      return (await getShare.execute(query)).value.shared.at;
    };
    const acts = ({ lastSharedAt, lastRevealedAt }: KeyView) => [lastSharedAt, lastRevealedAt];
    const [early, late] = [await sharedAt(firstShare), await sharedAt(lastShare)];
    const shownThen = [
      [{ position: issuedAt }, [null, null]],
      [{ position: firstShare.at }, [early, null]],
      [{ position: firstReveal.at }, [early, firstReveal.time]],
      [{ position: otherReveal.at }, [early, firstReveal.time]],
      [{ time: otherReveal.time }, [early, firstReveal.time]],
      [{ position: lastReveal.at }, [early, lastReveal.time]],
      [undefined, [late, lastReveal.time]],
    ] as const;
    for (const [asOf, shown] of shownThen) {
      const options = asOf ? { asOf } : {};
      expect(acts(await key(caller, keyId, options))).toEqual(shown);
      const { items } = await keys(caller, { first: 1 }, options);
      expect(items.map((item) => [item.keyId, ...acts(item)])).toEqual([[keyId, ...shown]]);
    }
    expect(acts(await key(caller, other.keyId))).toEqual([null, otherReveal.time]);
    const input = { partnerIds: [7 as PartnerId], first: 1 };
    const ofPartners = new ListKeysOfPartners(caller, input, await fresh());
    const { value } = await new ListKeysOfPartnersHandler(directory).execute(ofPartners);
    expect(value.get(7)?.items.map(acts)).toEqual([[late, lastReveal.time]]);
  });

  it('waits for the position asked for, and answers one not before it', async () => {
    const { network, issue } = newNetwork();
    const { keyId, at } = await issue();
    const answered = await getKey.execute(
      new GetKey(employee(network), { keyId }, { atLeast: at }),
    );
    expect(answered.position >= at).toBe(true);
    const never = position(at + 1_000_000n);
    const late = new GetKey(employee(network), { keyId }, { atLeast: never });
    const refused = await patience.inVain(() => refusal(getKey.execute(late)));
    expect(refused).toBe('projections/stale-read');
  });
});

describe('shares', () => {
  it('are listed by key and status, without their tokens', async () => {
    const { network, issue, share, ring } = newNetwork();
    const { keyId } = await issue();
    const other = await issue(7);
    await share(other.keyId);
    const opened = await share(keyId);
    await ring({
      type: 'ShareOpened',
      data: { shareId: opened.shareId, keyId, openedBy: { type: 'passphrase' } },
    });
    const lapsed = await share(keyId, { expiresAt: fromNow(-HOUR_MS) });
    const open = await share(keyId);
    const caller = employee(network);
    const list = async (input: ListShares['input']) =>
      (await listShares.execute(new ListShares(caller, input, await fresh()))).value.items;
    expect((await list({ keyId })).map(({ shareId, status }) => [shareId, status])).toEqual([
      [open.shareId, 'open'],
      [lapsed.shareId, 'expired'],
      [opened.shareId, 'opened'],
    ]);
    expect((await list({ keyId, status: 'open' })).map(({ shareId }) => shareId)).toEqual([
      open.shareId,
    ]);
    const { value } = await getShare.execute(
      new GetShare(caller, { shareId: opened.shareId }, await fresh()),
    );
    expect(value).toMatchObject({ opened: { by: { type: 'passphrase' } }, ended: null });
    expect(Object.keys(value).join(' ')).not.toMatch(/token|hash|passphrase/i);
  });
});

describe('a partner’s own API access', () => {
  const api = async (network: NetworkId, partner: number) =>
    (await ownApi.execute(new GetOwnApi(partnerUser(network, partner)))).value;

  it('appears at once with the first key, and is gone when no key is left', async () => {
    const { network, create, issue, revoke } = newNetwork();
    await create();
    expect(await api(network, 7)).toEqual({ available: false });
    const { keyId } = await issue();
    expect(await api(network, 7)).toMatchObject({
      available: true,
      keys: [{ keyId, status: 'active', masked: 'kl_aff_…9xYz', revealable: true }],
      baseUrl: 'https://api-eu.eflow.team/v1',
      headerName: 'X-Eflow-API-Key',
    });
    await revoke(keyId);
    expect(await api(network, 7)).toEqual({ available: false });
  });

  it('appears at once also where the node that is asked has not heard of the newest events', async () => {
    const { network, create, issue } = newNetwork();
    await create();
    const before = await store.head();
    const cutOff = new Proxy(store, {
      get: (target, name, receiver) =>
        name === 'head'
          ? () => Promise.resolve(before)
          : (Reflect.get(target, name, receiver) as unknown),
    });
    const handler = new GetOwnApiHandler(directory, cutOff, new NetworkSettingsReader(streams));
    for (let n = 0; n < 20; n += 1) {
      const { keyId, at } = await issue(100 + n);
      const asked = await handler.execute(new GetOwnApi(partnerUser(network, 100 + n)));
      expect(asked.value).toMatchObject({ available: true, keys: [{ keyId }] });
      expect(asked.position).toBeGreaterThanOrEqual(at);
    }
  });

  it('shows a key that is left also under many that were revoked since', async () => {
    const { network, create, issue, revoke } = newNetwork();
    await create();
    const { keyId } = await issue();
    for (let n = 0; n <= OWN_KEYS_MAX; n += 1) await revoke((await issue()).keyId);
    const shown = await api(network, 7);
    if (!shown.available) throw new Error('no key is left');
    expect(shown.keys).toHaveLength(OWN_KEYS_MAX + 1);
    expect(shown.keys.filter(({ status }) => status !== 'revoked')).toMatchObject([{ keyId }]);
  });

  it('shows the partner’s own keys alone, and not who issued them', async () => {
    const { network, create, issue } = newNetwork();
    await create();
    const { keyId } = await issue(7);
    await issue(8);
    await issue(7, { portal: 'advertiser' });
    const shown = await api(network, 7);
    expect(shown).toMatchObject({ available: true, keys: [{ keyId }] });
    expect(JSON.stringify(shown)).not.toContain('ann');
  });

  it('is for users of a partner only', async () => {
    const { network } = newNetwork();
    const asked = ownApi.execute(new GetOwnApi(employee(network, { superUser: true })));
    expect(await refusal(asked)).toBe('access/forbidden');
  });
});
