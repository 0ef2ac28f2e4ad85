import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Principal } from '#access';
import { LedgerAuthorizer } from '#access';
import type { AuditEntry, AuditFilter } from '#audit';
import { auditEvents, auditProjections, SearchAuditTrail } from '#audit';
import type { NewEvent, Position, StoredEvent } from '#event-store';
import { EventCatalogue, EventStoreUnavailableError, ledgerEvents, openLedger } from '#event-store';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import { Clock, employeeId, keyId, networkId, partnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import { memoryMessaging, MirroredPersonalData, requestContext } from '#messaging/testing';
import { migrate } from '#platform/postgres';
import type { Page } from '#projections';
import {
  createRunnerPool,
  encodeCursor,
  PostgresReadModels,
  ProjectionRunner,
  projectionsMigrations,
} from '#projections';
import { TestPatience } from '#projections/testing';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { LedgerAuditQueryRecorder } from '../../adapters/ledger-audit-query-recorder.js';
import { SearchAuditTrailHandler } from './search-audit-trail.query-handler.js';

class TestClock extends Clock {
  time = Date.UTC(2026, 0, 1);
  override now(): Date {
    return new Date((this.time += 10));
  }
}

/** Appends fail on demand. */
class FragileStore extends MemoryEventStore {
  broken = false;
  override append(
    ...parameters: Parameters<MemoryEventStore['append']>
  ): ReturnType<MemoryEventStore['append']> {
    if (this.broken) return Promise.reject(new EventStoreUnavailableError('gone'));
    return super.append(...parameters);
  }
}

const KEY = keyId('2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11');
const OTHER_KEY = '5f2d1c64-7c35-5b1e-9a55-0d9f5f0c7a12';
const SHARE = '6a9d1c64-7c35-5b1e-9a55-0d9f5f0c7a13';
const ISSUER = 'https://issuer.test';
const catalogue = new EventCatalogue(ledgerEvents, auditEvents, {
  KeyRevoked: { version: 1, retention: 'governance' },
  PartnerRenamed: { version: 1, retention: 'governance' },
  ShareEnded: { version: 1, retention: 'governance' },
});
const clock = new TestClock();
const store = new FragileStore(new MemoryLog());
const personalData = new MirroredPersonalData();
let database: TestDatabase;
let pool: ReturnType<typeof createRunnerPool>;
let runner: ProjectionRunner;
let handler: SearchAuditTrailHandler;
let head: Position;
const patience = new TestPatience();
const times: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  await migrate(database.url, projectionsMigrations);
  await openLedger(store, { clock });
  pool = createRunnerPool({ connectionString: database.url });
  runner = new ProjectionRunner({ store, catalogue, clock, pool }, auditProjections);
  runner.start();
  const { decisions } = memoryMessaging({ catalogue, store, clock, personalData });
  handler = new SearchAuditTrailHandler(
    new LedgerAuthorizer(),
    new LedgerAuditQueryRecorder(decisions, store, catalogue),
    new PostgresReadModels(pool, { store, clock }, patience),
    personalData,
    catalogue,
  );
  for (let n = 0; n < 5; n += 1) {
    await append('partner-7-42', n, 'PartnerRenamed', {
      from: `name ${String(n)}`,
      to: `name ${String(n + 1)}`,
    });
    await append('partner-8-42', n, 'PartnerRenamed', { from: 'other', to: 'network' });
  }
  await append('keyRing-7-affiliate-partner-42', 0, 'ShareEnded', {
    shareId: SHARE,
    keyId: OTHER_KEY,
    reason: 'withdrawn',
  });
  head = await append('keyRing-7-affiliate-partner-42', 1, 'KeyRevoked', {
    keyId: KEY,
    reason: 'leaked',
    note: 'Seen on Pastebin',
    replacedBy: OTHER_KEY,
  });
});

afterAll(async () => {
  await runner.stop();
  await pool.end();
  await store.close();
  await database.drop();
});

async function append(
  streamId: string,
  revision: number,
  type: string,
  data: object,
): Promise<Position> {
  const id = randomUUID();
  const recordedAt = clock.now().toISOString();
  times.push(recordedAt);
  const event: NewEvent = catalogue.encode(
    id,
    { type, data },
    {
      $correlationId: id,
      $causationId: id,
      commandId: id,
      requestHash: '',
      actor: { type: 'employee', issuer: ISSUER, subject: 'bob' },
      networkId: 7,
      ip: await personalData.seal(`${ISSUER}|bob`, '192.0.2.7'),
      recordedBy: 'spec',
      recordedAt,
      salt: '',
    },
  );
  const { position } = await store.append(
    streamId,
    revision === 0 ? 'noStream' : BigInt(revision - 1),
    [event],
  );
  return position;
}

const reader = (changes: Partial<Principal> = {}): Principal => ({
  actor: { type: 'employee', issuer: ISSUER, subject: 'ada' },
  networkId: networkId(7),
  employee: {
    employeeId: employeeId(1),
    superUser: false,
    permissions: ['audit.read'],
    scope: 'global',
  },
  ...changes,
});

async function search(
  filter: AuditFilter,
  {
    first = 50,
    after,
    principal = reader(),
    deadlineMs = 60_000,
  }: { first?: number; after?: string; principal?: Principal; deadlineMs?: number } = {},
): Promise<Page<AuditEntry>> {
  const context: RequestContext = requestContext({
    actor: principal.actor,
    networkId: principal.networkId,
    now: clock.now(),
    deadline: new Date(clock.time + deadlineMs),
  });
  const query = new SearchAuditTrail(
    principal,
    context,
    { filter, first, ...(after === undefined ? {} : { after }) },
    { atLeast: head },
  );
  return (await handler.execute(query)).value;
}

const recorded = async (): Promise<StoredEvent[]> => {
  const found: StoredEvent[] = [];
  for await (const event of store.readAll()) if (event.type === 'AuditQueried') found.push(event);
  return found;
};
const actions = (page: Page<AuditEntry>): string[] =>
  page.items.map(({ action, after }) => `${action} ${JSON.stringify(after)}`);

describe('a query of the audit trail', () => {
  it('shows the network of the caller and nothing of another one', async () => {
    const { items } = await search({ type: 'PartnerRenamed' });
    expect(items).toHaveLength(5);
    expect(new Set(items.map(({ networkId: network }) => network))).toEqual(new Set([7]));
  });

  it('tells who did what from where, and why', async () => {
    const { items } = await search({ keyId: KEY });
    expect(items).toMatchObject([
      {
        action: 'KeyRevoked',
        actor: { subject: 'bob' },
        target: { kind: 'apiKey', id: KEY },
        partnerId: 42,
        reason: 'leaked',
        outcome: 'succeeded',
        address: '192.0.2.7',
      },
    ]);
  });

  it.each<[string, AuditFilter, number]>([
    ['partner', { partnerId: partnerId(42) }, 7],
    ['another partner', { partnerId: partnerId(43) }, 0],
    ['subject', { actor: 'bob', type: 'KeyRevoked' }, 1],
    ['identity', { actor: `${ISSUER}#bob`, type: 'KeyRevoked' }, 1],
    ['identity of another issuer', { actor: 'https://other.test#bob' }, 0],
    ['words in any case', { text: 'PASTEBIN seen' }, 1],
    ['the beginning of a word', { text: 'paste' }, 1],
    ['the first word of a type', { text: 'keyre' }, 1],
    ['a later word of a type', { text: 'revoked' }, 1],
    ['the beginning of one, with a word of the text', { text: 'pastebin revo' }, 1],
    ['a word of a type, with a word of something else', { text: 'pastebin renamed' }, 0],
    ['the id of a key', { text: KEY }, 1],
    ['the id of a key, with a word', { text: `Pastebin: ${KEY.toUpperCase()}` }, 1],
    ['the id of a key, with a word of something else', { text: `withdrawn ${KEY}` }, 0],
    ['the id of a key that is told of too', { text: OTHER_KEY }, 2],
    ['the id of a share, without dashes', { text: SHARE.replaceAll('-', '') }, 1],
    ['an id of nothing', { text: SHARE.replaceAll('a', 'b') }, 0],
    ['words of which one is missing', { text: 'pastebin elsewhere' }, 0],
    ['no word at all', { text: '!!' }, 0],
    ['what looks like SQL', { text: "'); DROP TABLE x; --" }, 0],
  ])('finds by %s', async (_, filter, count) => {
    expect((await search(filter)).items).toHaveLength(count);
  });

  it('finds by a subject with a number sign in it', async () => {
    const subject = 'corp#dana';
    const dana = reader({ actor: { type: 'employee', issuer: ISSUER, subject } });
    await search({ type: 'KeyRevoked' }, { principal: dana });
    for (const actor of [subject, `${ISSUER}#${subject}`])
      expect((await search({ actor })).items.map((item) => item.actor.subject)).toEqual([subject]);
  });

  it('finds by a range of times, from the first on and before the last', async () => {
    const [, , second = '', , third = ''] = times;
    const { items } = await search({ type: 'PartnerRenamed', from: second, to: third });
    expect(items.map(({ time }) => time)).toEqual([second]);
    expect((await search({ type: 'PartnerRenamed', from: third })).items).toHaveLength(3);
    const [earliest, latest] = ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'];
    const all = await search({ type: 'PartnerRenamed', from: earliest, to: latest });
    expect(all.items).toHaveLength(5);
  });

  it('shows the trail as it stood at a position or a time', async () => {
    expect((await search({ type: 'KeyRevoked', asOf: String(head - 1n) })).items).toEqual([]);
    expect((await search({ type: 'KeyRevoked', asOf: String(head) })).items).toHaveLength(1);
    expect((await search({ type: 'PartnerRenamed', asOf: times[2] ?? '' })).items).toHaveLength(2);
  });

  it('is recorded once, before its first page, and not again by its later pages', async () => {
    const before = (await recorded()).length;
    const filter: AuditFilter = { type: 'PartnerRenamed', partnerId: partnerId(42) };
    const one = await search(filter, { first: 2 });
    const two = await search(filter, { first: 2, after: one.page.endCursor ?? '' });
    const three = await search(filter, { first: 2, after: two.page.endCursor ?? '' });
    expect([...actions(one), ...actions(two), ...actions(three)]).toEqual(
      [5, 4, 3, 2, 1].map((n) => `PartnerRenamed "name ${String(n)}"`),
    );
    expect(three.page.hasNextPage).toBe(false);
    const events = await recorded();
    expect(events).toHaveLength(before + 1);
    expect(JSON.parse(events.at(-1)?.data ?? '')).toEqual({ filter });
  });

  it('refuses a cursor of another caller, for another filter, or made up', async () => {
    const filter: AuditFilter = { type: 'PartnerRenamed' };
    const after = (await search(filter, { first: 1 })).page.endCursor ?? '';
    const event = (await recorded()).at(-1);
    const made = (...values: Parameters<typeof encodeCursor>[2]) =>
      encodeCursor('audit', networkId(7), values);
    const refused = { code: 'request/invalid-cursor' };
    const eve = reader({ actor: { type: 'employee', issuer: ISSUER, subject: 'eve' } });
    await expect(search(filter, { after, principal: eve })).rejects.toMatchObject(refused);
    await expect(search({ type: 'KeyRevoked' }, { after })).rejects.toMatchObject(refused);
    const stream = event?.streamId ?? '';
    await expect(
      search(filter, { after: made(stream, 0n, randomUUID(), head) }),
    ).rejects.toMatchObject(refused);
    await expect(
      search(filter, { after: made('auditQuery-8-x', 0n, event?.id ?? '', head) }),
    ).rejects.toMatchObject(refused);
    const later = (event?.position ?? 0n) + 1n;
    await expect(
      search(filter, { after: made(stream, event?.revision ?? 0n, event?.id ?? '', later) }),
    ).rejects.toMatchObject(refused);
  });

  it('refuses to search for a credential, and records nothing of it', async () => {
    const before = (await recorded()).length;
    const token = 'q9ZsT1mXvB3nL0kPwRfYcD7eUaHgJ5tQxW2oI8rKyVM';
    for (const filter of [{ text: token }, { actor: token }, { type: token }])
      await expect(search(filter)).rejects.toMatchObject({ code: 'request/text-not-allowed' });
    expect(await recorded()).toHaveLength(before);
  });

  it('shows nothing when it cannot be recorded', async () => {
    store.broken = true;
    try {
      await expect(search({}, { deadlineMs: 20 })).rejects.toMatchObject({
        code: 'audit/query-not-recorded',
        cause: { code: 'event-store/unavailable' },
      });
    } finally {
      store.broken = false;
    }
  });

  it('is refused to partner users, to a limited scope and without the permission, and leaves no record', async () => {
    const before = (await recorded()).length;
    const employee = reader().employee;
    const refused = [
      {
        actor: { type: 'partnerUser', issuer: ISSUER, subject: 'p' },
        networkId: networkId(7),
        partnerUser: { partnerId: partnerId(42) },
      },
      reader(employee && { employee: { ...employee, scope: 'limited' } }),
      reader(employee && { employee: { ...employee, permissions: ['partners.read'] } }),
    ] satisfies Principal[];
    for (const principal of refused)
      await expect(search({}, { principal })).rejects.toMatchObject({ code: 'access/forbidden' });
    expect(await recorded()).toHaveLength(before);
  });

  it('shows operators what is above all networks and what operators did, no network its own', async () => {
    const operator: Principal = {
      actor: { type: 'operator', issuer: ISSUER, subject: 'op' },
      networkId: null,
    };
    await search({}, { principal: operator });
    const { items } = await search({ type: 'LedgerOpened' }, { principal: operator });
    expect(items).toMatchObject([{ action: 'LedgerOpened', networkId: null }]);
    expect((await search({ type: 'PartnerRenamed' }, { principal: operator })).items).toEqual([]);
    expect((await search({ type: 'LedgerOpened' })).items).toEqual([]);
  });

  it('is refused rather than answered without what came before it', async () => {
    await runner.stop();
    await append('partner-7-42', 5, 'PartnerRenamed', { from: 'name 5', to: 'name 6' });
    await patience.inVain(() =>
      expect(search({ type: 'PartnerRenamed' })).rejects.toMatchObject({
        code: 'projections/stale-read',
      }),
    );
    runner = new ProjectionRunner({ store, catalogue, clock, pool }, auditProjections);
    runner.start();
    expect(actions(await search({ type: 'PartnerRenamed' }, { first: 1 }))).toEqual([
      'PartnerRenamed "name 6"',
    ]);
  });

  it('is itself in the trail', async () => {
    await search({ text: 'nothing at all' });
    head = (await store.head()) ?? head;
    const { items } = await search({ type: 'AuditQueried' }, { first: 1 });
    expect(items).toMatchObject([
      { target: { kind: 'auditTrail', id: '7' }, after: { filter: { text: 'nothing at all' } } },
    ]);
  });
});
