import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import type { Permission, Principal } from '#access';
import {
  AccessDenials,
  AuthorityFence,
  Authorizer,
  IdentityReservations,
  LedgerAuthorizer,
  accessEvents,
  accessMigrations,
  accessProblems,
} from '#access';
import { RecordingDenials } from '#access/testing';
import { EventCatalogue, EventStore, ledgerEvents, openLedger } from '#event-store';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import type { NetworkId } from '#kernel';
import { Clock, employeeId, networkId } from '#kernel';
import { installPositions, MessagingModule } from '#messaging';
import { MirroredPersonalData } from '#messaging/testing';
import { networksEvents, networksProblems, networksProjections } from '#networks';
import { RUNTIME_ROLE, createDataSource, createPool, migrate } from '#platform/postgres';
import { ProblemCatalogue, ProblemFilter, requestProblems, validationPipe } from '#problems';
import {
  PostgresReadModels,
  ProjectionRunner,
  ReadModels,
  createRunnerPool,
  projectionsMigrations,
  projectionsProblems,
} from '#projections';
import { TestPatience } from '#projections/testing';
import { Peppers, PersonalData } from '#sealing';
import { memorySealing } from '#sealing/testing';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import {
  PartnersModule,
  partnersEvents,
  partnersMigrations,
  partnersProblems,
  partnersProjections,
} from '../index.js';
import { DeadLetters } from '../ports/dead-letters.port.js';
import { deadLettersContract } from '../testing/index.js';
import { WEBHOOK_BODY_BYTES_MAX } from './partner-webhooks.js';

const READ = ['network.read', 'partners.read'] as const;
const MANAGE = [...READ, 'partners.manage', 'partner.flags.manage'] as const;

function employee(
  network: number,
  id: number,
  permissions: readonly Permission[],
  scope: 'global' | 'limited' = 'global',
  superUser = false,
): Principal {
  return {
    actor: {
      type: 'employee',
      issuer: 'https://id.test',
      subject: `${String(network)}-${String(id)}`,
    },
    networkId: networkId(network),
    employee: { employeeId: employeeId(id), superUser, permissions, scope },
  };
}
const PRINCIPALS: Readonly<Record<string, Principal>> = {
  operator: {
    actor: { type: 'operator', issuer: 'https://ops.test', subject: 'o' },
    networkId: null,
  },
  admin: employee(101, 1, [], 'global', true),
  manager: employee(101, 11, MANAGE),
  limited: employee(101, 12, MANAGE, 'limited'),
  reader: employee(101, 13, READ),
  nobody: employee(101, 14, []),
  stranger: employee(102, 1, [], 'global', true),
};

class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}

const example = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../examples/${path}`, import.meta.url), 'utf8'));

describe('networks and partners over REST and GraphQL', () => {
  let database: TestDatabase;
  let app: NestFastifyApplication;
  let runner: ProjectionRunner;
  let dataSource: DataSource;
  let pools: pg.Pool[];

  beforeAll(async () => {
    database = await testDatabase();
    await migrate(database.url, [
      ...projectionsMigrations,
      ...partnersMigrations,
      ...accessMigrations,
    ]);
    const store = new MemoryEventStore(new MemoryLog());
    const clock = new SystemClock();
    await openLedger(store, { clock });
    const catalogue = new EventCatalogue(
      ledgerEvents,
      networksEvents,
      partnersEvents,
      accessEvents,
    );
    const runnerPool = createRunnerPool({ connectionString: database.url });
    const pool = createPool({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'partners-int-spec',
    });
    pools = [runnerPool, pool];
    runner = new ProjectionRunner({ store, catalogue, clock, pool: runnerPool }, [
      ...networksProjections,
      ...partnersProjections,
    ]);
    runner.start();
    dataSource = await createDataSource({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'partners-int-spec',
    }).initialize();

    @Module({
      providers: [
        { provide: Clock, useValue: clock },
        { provide: EventStore, useValue: store },
        { provide: EventCatalogue, useValue: catalogue },
        {
          provide: ProblemCatalogue,
          useValue: new ProblemCatalogue(
            requestProblems,
            projectionsProblems,
            networksProblems,
            partnersProblems,
            accessProblems,
          ),
        },
        { provide: PersonalData, useClass: MirroredPersonalData },
        { provide: Peppers, useValue: memorySealing(clock).peppers },
        { provide: DataSource, useValue: dataSource },
        {
          provide: ReadModels,
          useValue: new PostgresReadModels(pool, { store, clock }, new TestPatience()),
        },
        { provide: Authorizer, useClass: LedgerAuthorizer },
        { provide: AccessDenials, useClass: RecordingDenials },
        { provide: AuthorityFence, useValue: { raise: () => Promise.resolve() } },
        IdentityReservations,
      ],
      exports: [
        Clock,
        EventStore,
        EventCatalogue,
        ProblemCatalogue,
        PersonalData,
        Peppers,
        DataSource,
        ReadModels,
        Authorizer,
        AccessDenials,
        AuthorityFence,
        IdentityReservations,
      ],
    })
    class RootModule {}

    const module = await Test.createTestingModule({
      imports: [
        { module: RootModule, global: true },
        MessagingModule.forRoot({ recordedBy: 'test', receipts: 'memory' }),
        PartnersModule,
        GraphQLModule.forRoot<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          autoSchemaFile: true,
          context: (request: FastifyRequest, reply: FastifyReply) => ({ request, reply }),
        }),
      ],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useValue: validationPipe() },
      ],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.useLogger(false);
    app.setGlobalPrefix('v1');
    installPositions(app);
    // As the guard of #access does.
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
        const name = request.headers['x-as'];
        if (typeof name === 'string')
          Object.assign(request, { principal: PRINCIPALS[name], clientAddress: '203.0.113.7' });
        done();
      });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    for (const network of [101, 102]) {
      const created = await call('operator', 'POST', '/v1/networks', {
        networkId: network,
        name: `Network ${String(network)}`,
        region: 'us',
      });
      expect(created.statusCode).toBe(201);
      // The read models serve from here on; a read waits a bounded time for its position.
      const until = Date.now() + 60_000;
      for (let status = 503; status !== 200;) {
        const url = `/v1/networks?atLeast=${created.position}`;
        ({ statusCode: status } = await call('operator', 'GET', url));
        if (Date.now() > until) throw new Error(`the read models answer ${String(status)}`);
      }
    }
  });

  afterAll(async () => {
    await app.close();
    await runner.stop();
    await dataSource.destroy();
    await Promise.all(pools.map((pool) => pool.end()));
    await database.drop();
  });

  async function call(
    as: string | undefined,
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ) {
    const response = await app.inject({
      method,
      url,
      headers: { ...(as !== undefined && { 'x-as': as }), ...headers },
      ...(payload !== undefined && { payload }),
    });
    return {
      statusCode: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: response.json<Record<string, unknown>>(),
      position: String(response.headers['x-ledger-position']),
    };
  }
  const register = (as: string, partnerId: number, change: object = {}) =>
    call(as, 'POST', '/v1/partners', {
      partnerId,
      name: `Partner ${String(partnerId)}`,
      status: 'active',
      ...change,
    });
  const ids = (json: Record<string, unknown>) =>
    (json['items'] as { partnerId: number }[]).map(({ partnerId }) => partnerId);

  describe('networks', () => {
    it('are listed to operators whole and to others as their own, a page at a time', async () => {
      const own = await call('reader', 'GET', '/v1/networks');
      expect(own.json).toMatchObject({ items: [{ networkId: 101 }], page: { hasNextPage: false } });
      const first = await call('operator', 'GET', '/v1/networks?first=1');
      expect(first.json).toMatchObject({
        items: [{ networkId: 101 }],
        page: { hasNextPage: true },
      });
      const { endCursor } = first.json['page'] as { endCursor: string };
      const second = await call('operator', 'GET', `/v1/networks?first=1&after=${endCursor}`);
      expect(second.json).toMatchObject({
        items: [{ networkId: 102 }],
        page: { hasNextPage: false },
      });
      const stolen = await call('stranger', 'GET', `/v1/networks?after=${endCursor}`);
      expect(stolen).toMatchObject({
        statusCode: 400,
        json: { code: 'request/invalid-cursor' },
      });
    });

    it('answer alike for another network and for none', async () => {
      const other = await call('reader', 'GET', '/v1/networks/102');
      const none = await call('reader', 'GET', '/v1/networks/999');
      expect([other.statusCode, none.statusCode]).toEqual([404, 404]);
      expect({ ...other.json, correlationId: '' }).toEqual({ ...none.json, correlationId: '' });
      expect((await call('nobody', 'GET', '/v1/networks/101')).statusCode).toBe(403);
    });

    it('keep their settings’ history', async () => {
      const before = await call('admin', 'GET', '/v1/networks/101');
      const policy = { ...(before.json['keyPolicy'] as object), activeKeysMax: 5 };
      const set = await call('admin', 'PUT', '/v1/networks/101/key-policy', policy);
      expect(set).toMatchObject({ statusCode: 200, json: { keyPolicy: { activeKeysMax: 5 } } });
      const after = await call('admin', 'GET', `/v1/networks/101?atLeast=${set.position}`);
      expect(after.json).toEqual(set.json);
      const then = await call('admin', 'GET', `/v1/networks/101?asOf=${before.position}`);
      expect(then.json).toEqual(before.json);
    });

    it('name each field of a policy that is wrong', async () => {
      const { json } = await call('admin', 'GET', '/v1/networks/101');
      const policy = json['keyPolicy'] as { eligibility: { weights: object } };
      const wrong = {
        ...policy,
        activeKeysMax: '2',
        eligibility: { threshold: 1, weights: { ...policy.eligibility.weights, ownTooling: -1 } },
        surprise: true,
      };
      const refused = await call('admin', 'PUT', '/v1/networks/101/key-policy', wrong);
      expect(refused).toMatchObject({ statusCode: 400, json: { code: 'request/invalid' } });
      expect(
        (refused.json['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort(),
      ).toEqual(['/activeKeysMax', '/eligibility/weights/ownTooling', '/surprise']);
    });
  });

  describe('partners', () => {
    it('are registered, read at once, and told where they are', async () => {
      const created = await register('manager', 1, { managerId: 11 });
      expect(created).toMatchObject({ statusCode: 201, json: { partnerId: 1, managerId: 11 } });
      expect(created.headers['location']).toBe('/v1/partners/1');
      const read = await call('reader', 'GET', `/v1/partners/1?atLeast=${created.position}`);
      expect(read.json).toEqual(created.json);
      expect(BigInt(read.position)).toBeGreaterThanOrEqual(BigInt(created.position));
    });

    it('of another network and missing ones answer alike', async () => {
      await register('stranger', 50);
      const other = await call('manager', 'GET', '/v1/partners/50');
      const none = await call('manager', 'GET', '/v1/partners/51');
      expect([other.statusCode, none.statusCode]).toEqual([404, 404]);
      expect({ ...other.json, correlationId: '' }).toEqual({ ...none.json, correlationId: '' });
      for (const path of ['status', 'flags'])
        expect(
          (
            await call('manager', 'POST', `/v1/partners/50/${path}`, {
              reason: 'x',
              ...(path === 'status' ? { status: 'inactive' } : { kind: 'fraud' }),
            })
          ).json['code'],
        ).toBe('partners/not-found');
    });

    it('go through their whole life, each step allowed and told', async () => {
      await register('manager', 2, { status: 'pending' });
      const post = (path: string, body: object) =>
        call('manager', 'POST', `/v1/partners/2/${path}`, body);
      const verdict = async () => {
        const { position } = await call('manager', 'POST', '/v1/partners/2/traits', { traits: {} });
        const { json } = await call(
          'reader',
          'GET',
          `/v1/partners/2/eligibility?atLeast=${position}`,
        );
        return json;
      };
      expect(await verdict()).toMatchObject({
        eligible: false,
        blockers: [{ blocker: 'onboarding' }, { blocker: 'noTechnicalCapacity' }],
        score: 0,
      });
      expect(await post('status', { status: 'suspended', reason: 'x' })).toMatchObject({
        statusCode: 409,
        json: { code: 'partners/status-transition-not-allowed' },
      });
      await post('status', { status: 'active', reason: 'approved' });
      await post('technical-capacity/confirm', { evidence: 'their script pulled a report' });
      await post('traits', {
        traits: {
          recurringReportRequests: true,
          ownTooling: true,
          steadyTraffic: true,
          goodStanding: true,
        },
      });
      expect(await verdict()).toMatchObject({ eligible: true, blockers: [], score: 4 });
      const flagged = await post('flags', { kind: 'quality', reason: 'bounce rate' });
      expect(flagged.statusCode).toBe(201);
      expect(await verdict()).toMatchObject({
        eligible: false,
        blockers: [{ blocker: 'openFlags' }],
      });
      const [flag] = flagged.json['openFlags'] as { flagId: string }[];
      await post(`flags/${flag?.flagId ?? ''}/close`, { reason: 'explained' });
      expect(await verdict()).toMatchObject({ eligible: true });
      await post('technical-capacity/withdraw', { reason: 'engineer left' });
      expect(await verdict()).toMatchObject({
        blockers: [{ blocker: 'noTechnicalCapacity', technicalCapacity: 'withdrawn' }],
      });
      const user = { issuer: 'https://login.test', subject: 'u-2' };
      expect(await post('users', user)).toMatchObject({
        statusCode: 201,
        json: { users: [user] },
      });
      expect(await post('users/unlink', user)).toMatchObject({
        statusCode: 200,
        json: { users: [] },
      });
      expect(await post('manager', { managerId: 12 })).toMatchObject({ json: { managerId: 12 } });
      expect(await post('manager', { managerId: null })).toMatchObject({
        json: { managerId: null },
      });
    });

    it('are listed by id, filtered, a page at a time, and as they were', async () => {
      for (const id of [21, 22, 23, 24, 25])
        await register('manager', id, {
          managerId: id % 2 === 0 ? 12 : 11,
          name: `Listed ${String(id)}`,
        });
      const { position: before } = await call('manager', 'POST', '/v1/partners/25/flags', {
        kind: 'fraud',
        reason: 'x',
      });
      const { position } = await call('manager', 'POST', '/v1/partners/23/status', {
        status: 'suspended',
        reason: 'x',
      });
      const list = async (query: string, as = 'reader') =>
        (await call(as, 'GET', `/v1/partners?atLeast=${position}&name=listed&${query}`)).json;
      const first = await list('first=2');
      expect(ids(first)).toEqual([21, 22]);
      const { endCursor } = first['page'] as { endCursor: string };
      expect(ids(await list(`first=2&after=${endCursor}`))).toEqual([23, 24]);
      expect(ids(await list('managerId=12'))).toEqual([22, 24]);
      expect(ids(await list('status=suspended'))).toEqual([23]);
      expect(ids(await list('flagged=true'))).toEqual([25]);
      expect(ids(await list('flagged=false'))).toEqual([21, 22, 23, 24]);
      expect(ids(await list(`status=active&asOf=${before}`))).toEqual([21, 22, 23, 24, 25]);
      const now = new Date().toISOString();
      expect(ids(await list(`status=active&asOf=${now}`))).toEqual([21, 22, 24, 25]);
      expect(ids(await list('asOf=2020-01-01T00:00:00Z'))).toEqual([]);
      expect(ids(await list('', 'stranger'))).toEqual([]);
    });

    it('of other managers are neither listed nor read by a limited one, also in the past', async () => {
      await register('manager', 31, { managerId: 12 });
      await register('manager', 32, { managerId: 11 });
      const { position: before } = await call('manager', 'POST', '/v1/partners/31/traits', {
        traits: { ownTooling: true },
      });
      const list = async (query: string) =>
        ids((await call('limited', 'GET', `/v1/partners?first=200&${query}`)).json).filter((id) =>
          [31, 32].includes(id),
        );
      expect(await list(`atLeast=${before}`)).toEqual([31]);
      expect((await call('limited', 'GET', '/v1/partners/32')).statusCode).toBe(403);
      const { position } = await call('manager', 'POST', '/v1/partners/31/manager', {
        managerId: 11,
      });
      expect(await list(`atLeast=${position}`)).toEqual([]);
      expect(await list(`atLeast=${position}&asOf=${before}`)).toEqual([]);
      expect((await call('limited', 'GET', `/v1/partners/31?asOf=${before}`)).statusCode).toBe(403);
    });

    it.each([
      ['GET', '/v1/partners?first=201', undefined, '/first'],
      ['GET', '/v1/partners?first=0', undefined, '/first'],
      ['GET', '/v1/partners?status=happy', undefined, '/status'],
      ['GET', '/v1/partners?flagged=maybe', undefined, '/flagged'],
      ['GET', '/v1/partners?asOf=yesterday', undefined, '/asOf'],
      ['GET', '/v1/partners?atLeast=-1', undefined, '/atLeast'],
      ['GET', '/v1/partners?unknown=1', undefined, '/unknown'],
      ['GET', '/v1/partners/0', undefined, '/partnerId'],
      ['GET', '/v1/partners/x', undefined, '/partnerId'],
      ['POST', '/v1/partners', { partnerId: '1', name: 'x', status: 'active' }, '/partnerId'],
      ['POST', '/v1/partners', { partnerId: 1, name: 5, status: 'active' }, '/name'],
      ['POST', '/v1/partners/1/traits', { traits: { ownTooling: 'yes' } }, '/traits/ownTooling'],
      ['POST', '/v1/partners/1/traits', { traits: { charming: true } }, '/traits/charming'],
      ['POST', '/v1/partners/1/manager', {}, '/managerId'],
      [
        'POST',
        '/v1/partners/1/status',
        { status: 'active', reason: 'x'.repeat(100_000) },
        '/reason',
      ],
      ['POST', '/v1/partners/import', { records: {} }, '/records'],
      ['POST', '/v1/partners/import', { records: Array(501).fill({}) }, '/records'],
    ] as const)('refuse %s %s with a pointer', async (method, url, body, pointer) => {
      const refused = await call('manager', method, url, body);
      expect(refused).toMatchObject({
        statusCode: 400,
        json: { code: 'request/invalid', errors: [{ pointer }] },
      });
    });

    it('are imported in a batch, twice without a change', async () => {
      const records = example('partners-array.json') as object[];
      const outcomes = (json: Record<string, unknown>) =>
        (json['results'] as { outcome: string }[]).map(({ outcome }) => outcome);
      const first = await call('manager', 'POST', '/v1/partners/import', { records });
      expect(first.statusCode).toBe(200);
      expect(outcomes(first.json)).toEqual(records.map(() => 'registered'));
      const again = await call('manager', 'POST', '/v1/partners/import', { records });
      expect(outcomes(again.json)).toEqual(records.map(() => 'unchanged'));
      const refused = await call('manager', 'POST', '/v1/partners/import', {
        records: [{ ...records[0], account_status: 7 }],
      });
      expect(refused.json).toEqual({
        results: [
          {
            partnerId: 2001,
            outcome: 'refused',
            reason: { pointer: '/account_status', reason: 'not-a-status' },
          },
        ],
      });
      const read = await call('reader', 'GET', `/v1/partners/2004?atLeast=${again.position}`);
      expect(read.json).toMatchObject({ name: 'Driftwood Creators', status: 'suspended' });
    });
  });

  describe('webhooks', () => {
    const HEADER = 'x-keyledger-webhook-credential';
    const issue = async () => {
      const issued = await call('admin', 'POST', '/v1/networks/101/webhook-credentials', {
        label: 'vendor',
      });
      expect(issued.statusCode).toBe(201);
      return issued.json as { credential: string; credentialId: string };
    };
    const send = (credential: string, kind: string, body: object) =>
      call(undefined, 'POST', `/v1/webhooks/partners/${kind}`, body, { [HEADER]: credential });

    it('are taken with a credential, in its own header or as a bearer token', async () => {
      const { credential, credentialId } = await issue();
      const body = {
        ...(example('webhooks/partner-created.json') as object),
        network_affiliate_id: 3001,
      };
      const taken = await send(credential, 'created', body);
      expect(taken).toMatchObject({
        statusCode: 200,
        json: { partnerId: 3001, outcome: 'registered' },
      });
      const bearer = await call(undefined, 'POST', '/v1/webhooks/partners/created', body, {
        authorization: `Bearer ${credential}`,
      });
      expect(bearer.json).toEqual({ partnerId: 3001, outcome: 'unchanged' });
      const read = await call('reader', 'GET', `/v1/partners/3001?atLeast=${taken.position}`);
      expect(read.json).toMatchObject({ name: 'Elmfield Agency' });
      await call('admin', 'POST', `/v1/networks/101/webhook-credentials/${credentialId}/revoke`);
      expect(await send(credential, 'created', body)).toMatchObject({
        statusCode: 401,
        json: { code: 'networks/webhook-credential-invalid' },
      });
      expect((await call('admin', 'POST', '/v1/webhooks/partners/created', body)).statusCode).toBe(
        401,
      );
    });

    it('that are refused are listed to the network’s own people, the newest first', async () => {
      const { credential } = await issue();
      for (const account_status of ['on holiday', 'gone', 'on holiday'])
        expect(
          await send(credential, 'updated', {
            ...(example('webhooks/partner-updated.json') as object),
            account_status,
          }),
        ).toMatchObject({
          statusCode: 400,
          json: {
            code: 'partners/malformed-record',
            errors: [{ pointer: '/account_status', problem: 'not-a-status' }],
          },
        });
      await send(credential, 'created', { network_affiliate_id: 9, network_id: 102 });
      const first = await call('admin', 'GET', '/v1/webhooks/dead-letters?first=1');
      expect(first.json).toMatchObject({
        items: [{ kind: 'created', partnerId: 9, pointer: '/network_id', reason: 'other-network' }],
        page: { hasNextPage: true },
      });
      const { endCursor } = first.json['page'] as { endCursor: string };
      const rest = await call('admin', 'GET', `/v1/webhooks/dead-letters?after=${endCursor}`);
      expect(rest.json).toMatchObject({
        items: [
          { pointer: '/account_status', count: 1 },
          { pointer: '/account_status', count: 2, shape: { account_status: 'string' } },
        ],
      });
      expect(rest.text).not.toMatch(/holiday|Grace|example\.com|Elmfield/);
      expect((await call('stranger', 'GET', '/v1/webhooks/dead-letters')).json).toMatchObject({
        items: [],
      });
      expect((await call('manager', 'GET', '/v1/webhooks/dead-letters')).statusCode).toBe(403);
    });

    it('that are too large are refused before they are looked at', async () => {
      const { credential } = await issue();
      const large = { notes: 'x'.repeat(WEBHOOK_BODY_BYTES_MAX) };
      expect(await send(credential, 'created', large)).toMatchObject({
        statusCode: 413,
        json: { code: 'partners/webhook-too-large' },
      });
    });
  });

  describe('dead letters in PostgreSQL', () => {
    deadLettersContract(() => ({
      letters: app.get(DeadLetters),
      kept: async (network) => {
        const rows = await dataSource.query<{ partner_id: bigint | null; count: number }[]>(
          'SELECT partner_id, count FROM ledger.dead_letters WHERE network_id = $1 ORDER BY number',
          [network],
        );
        return rows.map(({ partner_id: id, count }) => ({
          partnerId: id === null ? null : Number(id),
          count,
        }));
      },
    }));
  });

  it('numbers dead letters within their network, whatever others had in between', async () => {
    const letters = app.get(DeadLetters);
    const [one, other] = [8_801, 8_802].map(networkId);
    const keep = (network: NetworkId | undefined, n: number) =>
      letters.keep({
        networkId: network ?? networkId(1),
        credentialId: randomUUID(),
        kind: 'created',
        partnerId: n,
        pointer: '',
        reason: 'required',
        shape: {},
        digest: String(n),
        pepperId: 'p1',
        bytes: 1,
        receivedAt: '2026-02-01T00:00:00.000Z',
      });
    for (const n of [1, 2, 3]) {
      await keep(other, n);
      await keep(one, n);
    }
    const rows = await dataSource.query<{ network_id: bigint; number: bigint }[]>(
      'SELECT network_id, number FROM ledger.dead_letters WHERE network_id IN ($1, $2) ORDER BY 1, 2',
      [one, other],
    );
    expect(
      rows.map(({ network_id: network, number }) => `${String(network)}:${String(number)}`),
    ).toEqual(['8801:1', '8801:2', '8801:3', '8802:1', '8802:2', '8802:3']);
  });

  describe('GraphQL', () => {
    async function ask(as: string, query: string, variables: object = {}) {
      const { json } = await call(as, 'POST', '/graphql', { query, variables });
      return json as {
        data: Record<string, unknown> | null;
        errors?: { message: string }[];
      };
    }

    it('answers networks and partners as REST does', async () => {
      const created = await ask(
        'manager',
        `mutation { registerPartner(input: { partnerId: "4001", name: "Graph", status: active, managerId: "11" }) {
           partnerId name status managerId traits { ownTooling } technicalCapacity { status } openFlags { flagId } users { subject } } }`,
      );
      expect(created).toEqual({
        data: {
          registerPartner: {
            partnerId: '4001',
            name: 'Graph',
            status: 'active',
            managerId: '11',
            traits: { ownTooling: false },
            technicalCapacity: { status: 'unknown' },
            openFlags: [],
            users: [],
          },
        },
      });
      const id = { id: '4001' };
      for (const mutation of [
        'confirmTechnicalCapacity(partnerId: $id, evidence: "a script")',
        'withdrawTechnicalCapacity(partnerId: $id, reason: "left")',
        'changePartnerStatus(partnerId: $id, status: suspended, reason: "review")',
        'assignPartnerManager(partnerId: $id, managerId: null)',
        'assessPartnerTraits(partnerId: $id, traits: { ownTooling: true, goodStanding: null })',
        'linkPartnerUser(partnerId: $id, user: { issuer: "https://l.test", subject: "g" })',
        'unlinkPartnerUser(partnerId: $id, user: { issuer: "https://l.test", subject: "g" })',
      ])
        expect(
          await ask('manager', `mutation ($id: ID!) { ${mutation} { partnerId } }`, id),
        ).toEqual({
          data: { [mutation.slice(0, mutation.indexOf('('))]: { partnerId: '4001' } },
        });
      const { position } = await call('manager', 'POST', '/v1/partners/4001/flags', {
        kind: 'fraud',
        reason: 'x',
      });
      const { data } = await ask(
        'reader',
        `query ($id: ID!, $at: Position!) {
           partner(partnerId: $id, atLeast: $at) { status managerId traits { ownTooling goodStanding } openFlags { kind } }
           partnerEligibility(partnerId: $id, atLeast: $at) { eligible blockers { blocker status flags { kind } } traits { trait met } }
           partners(first: 1, name: "graph", managerId: null, after: null, asOf: null) {
             edges { cursor node { partnerId } } pageInfo { endCursor hasNextPage } position }
           networks { edges { node { networkId keyPolicy { keyPrefix eligibility { weights { ownTooling } } } } } } }`,
        { ...id, at: position },
      );
      expect(data).toMatchObject({
        partner: {
          status: 'suspended',
          managerId: null,
          traits: { ownTooling: true, goodStanding: false },
          openFlags: [{ kind: 'fraud' }],
        },
        partnerEligibility: {
          eligible: false,
          blockers: [
            { blocker: 'notActive', status: 'suspended' },
            { blocker: 'noTechnicalCapacity' },
            { blocker: 'openFlags', flags: [{ kind: 'fraud' }] },
          ],
        },
        partners: { edges: [{ node: { partnerId: '4001' } }], pageInfo: { hasNextPage: false } },
        networks: { edges: [{ node: { networkId: '101', keyPolicy: { keyPrefix: 'kl' } } }] },
      });
      const { edges, pageInfo } = data?.['partners'] as {
        edges: { cursor: string }[];
        pageInfo: { endCursor: string };
      };
      expect(edges[0]?.cursor).toBe(pageInfo.endCursor);
    });

    it('sets what operators and admins set over REST', async () => {
      const created = await ask(
        'operator',
        'mutation { createNetwork(input: { networkId: "105", name: "Graph", region: eu }) { networkId apiProfile { baseUrl } } }',
      );
      expect(created.data).toEqual({
        createNetwork: {
          networkId: '105',
          apiProfile: { baseUrl: 'https://api-eu.eflow.team/v1' },
        },
      });
      const { json } = await call('admin', 'GET', '/v1/networks/101');
      const { keyPolicy, apiProfile } = json as { keyPolicy: object; apiProfile: object };
      const set = await ask(
        'admin',
        `mutation ($policy: KeyPolicyInput!, $profile: ApiProfileInput!) {
           setKeyPolicy(networkId: "101", policy: $policy) { keyPolicy { activeKeysMax } }
           setApiProfile(networkId: "101", profile: $profile) { apiProfile { headerName } }
           issueWebhookCredential(networkId: "101", label: "graph") { credentialId credential active } }`,
        { policy: { ...keyPolicy, activeKeysMax: 7 }, profile: apiProfile },
      );
      expect(set).toMatchObject({
        data: {
          setKeyPolicy: { keyPolicy: { activeKeysMax: 7 } },
          setApiProfile: { apiProfile: { headerName: 'X-Eflow-API-Key' } },
          issueWebhookCredential: { active: true },
        },
      });
      const { credentialId } = set.data?.['issueWebhookCredential'] as { credentialId: string };
      const revoked = await ask(
        'admin',
        'mutation ($id: ID!) { revokeWebhookCredential(networkId: "101", credentialId: $id) { webhookCredentials { credentialId active } } }',
        { id: credentialId },
      );
      expect(revoked.data?.['revokeWebhookCredential']).toMatchObject({
        webhookCredentials: expect.arrayContaining([{ credentialId, active: false }]) as unknown,
      });
      const letters = await ask(
        'admin',
        '{ deadLetters(first: 2) { edges { node { pointer reason lastReceivedAt } } } }',
      );
      expect(letters.errors).toBeUndefined();
    });

    it('refuses as REST does', async () => {
      for (const [as, query] of [
        [
          'reader',
          'mutation { closeFlag(partnerId: "1", flagId: "x", reason: "y") { partnerId } }',
        ],
        ['stranger', '{ partner(partnerId: "4001") { name } }'],
        ['reader', '{ network(networkId: "102") { name } }'],
        ['reader', '{ partner(partnerId: "0") { name } }'],
        ['reader', '{ partners(asOf: "yesterday") { position } }'],
        ['nobody', '{ partners { position } }'],
      ] as const) {
        const { data, errors } = await ask(as, query);
        expect(errors).toHaveLength(1);
        expect(Object.values(data ?? {})).toEqual(data ? [null] : []);
      }
    });
  });
});
