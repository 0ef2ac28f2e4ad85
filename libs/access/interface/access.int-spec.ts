import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { EventCatalogue, EventStore, ledgerEvents, openLedger } from '#event-store';
import { eventStoreMigrations, PostgresEventStore } from '#event-store/postgres';
import { Clock, DomainError, networkId, streamId } from '#kernel';
import { installPositions, messagingMigrations, MessagingModule } from '#messaging';
import { MirroredPersonalData } from '#messaging/testing';
import { networksEvents } from '#networks';
import { createDataSource, createPool, migrate, RUNTIME_ROLE } from '#platform/postgres';
import { ProblemCatalogue, ProblemFilter, requestProblems, validationPipe } from '#problems';
import {
  createRunnerPool,
  PostgresReadModels,
  ProcessRunner,
  ProjectionRunner,
  projectionsMigrations,
  projectionsProblems,
  ReadModels,
} from '#projections';
import { TestPatience } from '#projections/testing';
import { Peppers, PersonalData } from '#sealing';
import { testDatabase, type TestDatabase } from '#test/postgres';
import {
  accessEvents,
  accessMigrations,
  AccessDenials,
  AccessModule,
  AccessOptions,
  accessProblems,
  accessProcesses,
  Caller,
  identitiesProjection,
  installAccess,
  issuersSeen,
  Public,
  type AccessDenied,
  type Principal,
} from '../index.js';
import { startSignedIssuer, type SignedIssuer } from '../testing/index.js';

class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}

class OnePepper extends Peppers {
  override current(): Promise<string> {
    return Promise.resolve('pepper');
  }
  override ids(): Promise<readonly string[]> {
    return Promise.resolve(['pepper']);
  }
  override hash(_: string, purpose: string, value: string): Promise<string> {
    return Promise.resolve(Buffer.from(`${purpose} ${value}`).toString('base64'));
  }
}

@Controller()
class DoorsController {
  @Get('plain')
  plain(@Caller() principal: Principal): Principal {
    return principal;
  }

  @Post('plain')
  change(@Caller() principal: Principal): Principal {
    return principal;
  }

  @Get('forbidden')
  forbidden(): never {
    throw new DomainError('access/forbidden', { required: 'audit.read' });
  }

  @Get('said-public-but-not-listed')
  @Public()
  unlisted(): string {
    return 'open';
  }

  @Get('share')
  @Public()
  listed(): string {
    return 'open';
  }

  @Get('openapi.json')
  listedButNotSaid(): string {
    return 'open';
  }
}

/** Bounded by the time-out of the test that waits. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}

const catalogue = new EventCatalogue(ledgerEvents, networksEvents, accessEvents);

describe('the edge of access', () => {
  let database: TestDatabase;
  let issuer: SignedIssuer;
  let operators: SignedIssuer;
  let late: SignedIssuer;
  let store: PostgresEventStore;
  let app: NestFastifyApplication;
  let projections: ProjectionRunner;
  let processes: ProcessRunner;
  let startProjections: () => ProjectionRunner;
  const cleanups: (() => Promise<unknown>)[] = [];
  const patience = new TestPatience();

  beforeAll(async () => {
    database = await testDatabase();
    cleanups.push(() => database.drop());
    issuer = await startSignedIssuer();
    operators = await startSignedIssuer();
    late = await startSignedIssuer();
    cleanups.push(
      () => issuer.close(),
      () => operators.close(),
      () => late.close(),
    );
    await migrate(database.url, [
      ...eventStoreMigrations,
      ...projectionsMigrations,
      ...messagingMigrations,
      ...accessMigrations,
    ]);
    const warn = () => undefined;
    store = new PostgresEventStore({ url: database.url, applicationName: 'access test', warn });
    cleanups.push(() => store.close());
    await openLedger(store, { clock: new SystemClock() });
    const dataSource = createDataSource({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'access test',
      onError: warn,
    });
    await dataSource.initialize();
    cleanups.push(() => dataSource.destroy());
    const reads = createPool({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'access reads',
      connectionsMax: 4,
    });
    cleanups.push(() => reads.end());
    const runs = createRunnerPool({ connectionString: database.url, onError: warn });
    cleanups.push(() => runs.end());
    const running = { store, catalogue, clock: new SystemClock(), pool: runs };
    startProjections = () => {
      const runner = new ProjectionRunner(running, [identitiesProjection]);
      runner.start();
      return runner;
    };

    const common = { networkClaim: 'network_id', audience: 'keyledger' };
    const access = new AccessOptions({
      issuers: [
        { ...common, issuer: issuer.issuer, networks: [1, 2], operators: false },
        { ...common, issuer: operators.issuer, networks: [], operators: true },
        { ...common, issuer: late.issuer, networks: [1], operators: false },
      ],
      budgets: {
        actorRequests: { perSecond: 1_000, burst: 1_000 },
        // Nothing comes back while a test spends them, however long that takes.
        actorMutations: { perSecond: 0.001, burst: 300 },
        addressRequests: { perSecond: 100_000, burst: 100_000 },
      },
    });

    @Module({
      imports: [
        CqrsModule.forRoot(),
        MessagingModule.forRoot({ recordedBy: 'test' }),
        AccessModule.forRoot(access),
        GraphQLModule.forRoot<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          autoSchemaFile: true,
          context: (request: unknown, reply: unknown) => ({ request, reply }),
        }),
      ],
      controllers: [DoorsController],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useFactory: validationPipe },
      ],
    })
    class TestApplication {}

    const provided = [
      { provide: Clock, useClass: SystemClock },
      { provide: EventStore, useValue: store },
      { provide: EventCatalogue, useValue: catalogue },
      {
        provide: ProblemCatalogue,
        useValue: new ProblemCatalogue(requestProblems, projectionsProblems, accessProblems),
      },
      { provide: PersonalData, useClass: MirroredPersonalData },
      { provide: Peppers, useClass: OnePepper },
      { provide: DataSource, useValue: dataSource },
      {
        provide: ReadModels,
        useValue: new PostgresReadModels(reads, { store, clock: new SystemClock() }, patience),
      },
    ];
    @Module({ providers: provided, exports: provided.map(({ provide }) => provide) })
    class Foundations {}

    const module = await Test.createTestingModule({
      imports: [{ module: Foundations, global: true }, TestApplication],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(
      new FastifyAdapter({ genReqId: () => randomUUID() }),
    );
    app.useLogger(false);
    app.setGlobalPrefix('v1', {
      exclude: ['openapi.json', '.well-known/oauth-protected-resource'],
    });
    installPositions(app);
    installAccess(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    cleanups.push(() => app.close());

    projections = startProjections();
    processes = new ProcessRunner(
      running,
      accessProcesses.map((process) => app.get(process)),
    );
    processes.start();
    cleanups.push(
      () => processes.stop(),
      () => projections.stop(),
    );
    for (const network of [1, 2]) await createNetwork(network);
    // The first build of a projection is switched to once it is there; requests wait a shorter time than that may take.
    await until(() =>
      issuersSeen(app.get(ReadModels), undefined).then(
        () => true,
        () => false,
      ),
    );
  });

  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  async function createNetwork(network: number): Promise<void> {
    const id = randomUUID();
    const event = {
      type: 'NetworkCreated',
      data: { name: 'Acme', region: 'us' },
    };
    await store.append(streamId('network', networkId(network), 'settings'), 'noStream', [
      catalogue.encode(id, event, {
        $correlationId: id,
        $causationId: id,
        commandId: id,
        requestHash: '',
        actor: { type: 'operator', issuer: 'https://operators.test', subject: 'olivia' },
        networkId: null,
        recordedBy: 'test',
        recordedAt: new Date().toISOString(),
        salt: '00',
      }),
    ]);
  }

  interface Answered {
    readonly status: number;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: Record<string, unknown> & { code?: string; details?: Record<string, unknown> };
    readonly text: string;
  }
  const send = async (
    method: 'GET' | 'POST' | 'PATCH',
    url: string,
    token?: string,
    payload?: object | string,
    headers: Record<string, string> = {},
  ): Promise<Answered> => {
    const response = await app.inject({
      method,
      url,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(typeof payload === 'string' ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload }),
    });
    const body = String(response.headers['content-type']).includes('json')
      ? (JSON.parse(response.body) as Answered['body'])
      : {};
    return { status: response.statusCode, headers: response.headers, body, text: response.body };
  };
  const tokenOf = (sub: string, network = 1) => issuer.token({ sub, network_id: network });
  const operatorToken = () =>
    operators.token({ sub: 'olivia', keyledger_operator: true, network_id: undefined });
  let nextEmployee = 100;
  const employeeBody = (subject: string, more: object = {}) => ({
    employeeId: (nextEmployee += 1),
    issuer: issuer.issuer,
    subject,
    superUser: false,
    permissions: ['partners.read'],
    scope: 'global',
    ...more,
  });
  const samOf = new Map<number, string>();
  /** The network's super user, admitted by the operator at first. */
  const superUserOf = async (network = 1): Promise<string> => {
    const subject = `sam-${String(network)}`;
    if (!samOf.has(network)) {
      const body = employeeBody(subject, { superUser: true, permissions: [] });
      const admitted = await send(
        'POST',
        `/v1/networks/${String(network)}/employees`,
        await operatorToken(),
        body,
      );
      expect(admitted).toMatchObject({
        status: 201,
        body: { subject, superUser: true, removed: false },
      });
      samOf.set(network, subject);
    }
    return tokenOf(subject, network);
  };
  const admit = async (subject: string, more: object = {}, network = 1) => {
    const body = employeeBody(subject, more);
    const answered = await send(
      'POST',
      `/v1/networks/${String(network)}/employees`,
      await superUserOf(network),
      body,
    );
    expect(answered.status).toBe(201);
    return {
      ...body,
      path: `/v1/networks/${String(network)}/employees/${String(body.employeeId)}`,
    };
  };

  it('asks every route for a token, also where there is none, and before it reads a body', async () => {
    for (const [method, url, payload] of [
      ['GET', '/v1/plain', undefined],
      ['GET', '/v1/networks/1/employees', undefined],
      ['POST', '/v1/networks/1/employees', '{"broken'],
      ['GET', '/v1/nothing-here', undefined],
      ['GET', '/', undefined],
    ] as const) {
      const answered = await send(method, url, undefined, payload);
      expect(answered).toMatchObject({
        status: 401,
        body: { code: 'access/unauthenticated', details: { reason: 'missing' } },
      });
      expect(answered.headers['www-authenticate']).toMatch(/^Bearer realm="keyledger"/);
      expect(answered.headers['content-type']).toMatch(/^application\/problem\+json/);
    }
  });

  it('opens a route only when handler and closed list both say so', async () => {
    expect(await send('GET', '/v1/share')).toMatchObject({ status: 200, text: 'open' });
    expect(await send('GET', '/v1/said-public-but-not-listed')).toMatchObject({ status: 401 });
    expect(await send('GET', '/openapi.json')).toMatchObject({ status: 401 });
    expect(await send('GET', '/.well-known/oauth-protected-resource')).toMatchObject({
      status: 200,
      body: { authorization_servers: [issuer.issuer, operators.issuer, late.issuer] },
    });
  });

  it('refuses each bad token on a real route', async () => {
    const now = Math.floor(Date.now() / 1_000);
    for (const [token, reason] of [
      [await issuer.token({ exp: now - 3_600 }), 'expired'],
      [await issuer.token({ aud: 'else' }), 'audience'],
      [await issuer.token({}, { typ: 'JWT' }), 'type'],
      [await issuer.token({ network_id: 3 }), 'network'],
      [await issuer.token({ iss: 'https://else.example' }), 'issuer'],
      ['junk', 'malformed'],
    ] as const)
      expect(await send('GET', '/v1/plain', token)).toMatchObject({
        status: 401,
        body: { details: { reason } },
      });
    for (const authorization of ['Basic c2FtOnNhbQ==', 'Bearer', 'Bearer a b', 'bearer\t'])
      expect(await send('GET', '/v1/plain', undefined, undefined, { authorization })).toMatchObject(
        { status: 401 },
      );
    expect(await send('GET', `/v1/plain?access_token=${await superUserOf()}`)).toMatchObject({
      status: 401,
    });
  });

  it('refuses an identity that the network does not know, though its token is good', async () => {
    expect(await send('GET', '/v1/plain', await tokenOf('nobody'))).toMatchObject({
      status: 403,
      body: { code: 'access/not-linked' },
    });
    await superUserOf(1);
    expect(await send('GET', '/v1/plain', await tokenOf('sam-1', 2))).toMatchObject({
      status: 403,
      body: { code: 'access/not-linked' },
    });
  });

  it('knows an employee from the request after the admission on', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { employeeId } = await admit(`fresh-${String(round)}`, { scope: 'limited' });
      expect(await send('GET', '/v1/plain', await tokenOf(`fresh-${String(round)}`))).toMatchObject(
        {
          status: 200,
          body: {
            networkId: 1,
            employee: {
              employeeId,
              superUser: false,
              permissions: ['partners.read'],
              scope: 'limited',
            },
          },
        },
      );
    }
  });

  it('holds changed and withdrawn rights from the next request on', async () => {
    const sam = await superUserOf();
    for (let round = 0; round < 5; round += 1) {
      const subject = `leaver-${String(round)}`;
      const { path } = await admit(subject);
      const token = await tokenOf(subject);
      const changed = await send('PATCH', `${path}/rights`, sam, { permissions: ['audit.read'] });
      expect(changed).toMatchObject({
        status: 200,
        body: { permissions: ['audit.read'], scope: 'global' },
      });
      expect(await send('GET', '/v1/plain', token)).toMatchObject({
        body: { employee: { permissions: ['audit.read'] } },
      });
      expect(await send('POST', `${path}/remove`, sam)).toMatchObject({
        status: 200,
        body: { removed: true },
      });
      expect(await send('GET', '/v1/plain', token)).toMatchObject({
        status: 403,
        body: { code: 'access/not-linked' },
      });
    }
  });

  it('never believes a read model that has not seen the removal: 503 instead', async () => {
    const { path } = await admit('stale');
    const sam = await superUserOf();
    const token = await tokenOf('stale');
    expect(await send('GET', '/v1/plain', token)).toMatchObject({ status: 200 });
    await projections.stop();
    expect(await send('POST', `${path}/remove`, sam)).toMatchObject({ status: 200 });
    const refused = await patience.inVain(() => send('GET', '/v1/plain', token));
    expect(refused).toMatchObject({ status: 503, body: { code: 'projections/stale-read' } });
    projections = startProjections();
    let after = await send('GET', '/v1/plain', token);
    await until(async () => {
      if (after.status === 503) after = await send('GET', '/v1/plain', token);
      return after.status !== 503;
    });
    expect(after).toMatchObject({ status: 403, body: { code: 'access/not-linked' } });
  });

  it('lets an identity be linked once a network, and again after its employee was removed', async () => {
    const sam = await superUserOf();
    const first = await admit('twice');
    const url = '/v1/networks/1/employees';
    expect(await send('POST', url, sam, employeeBody('twice'))).toMatchObject({
      status: 409,
      body: { code: 'access/identity-taken' },
    });
    await admit('twice', {}, 2);
    expect(await send('POST', `${first.path}/remove`, sam)).toMatchObject({ status: 200 });
    await admit('twice');
    expect(await send('GET', '/v1/plain', await tokenOf('twice'))).toMatchObject({ status: 200 });
  });

  it('admits one of two who claim an identity at once', async () => {
    const sam = await superUserOf();
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => send('POST', '/v1/networks/1/employees', sam, employeeBody('wanted'))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('gives a repeated admission its first answer, and refuses its key for another', async () => {
    const sam = await superUserOf();
    const body = employeeBody('repeated');
    const key = { 'idempotency-key': randomUUID() };
    const first = await send('POST', '/v1/networks/1/employees', sam, body, key);
    expect(first).toMatchObject({ status: 201 });
    expect(first.headers['location']).toBe(`/v1/networks/1/employees/${String(body.employeeId)}`);
    const again = await send('POST', '/v1/networks/1/employees', sam, body, key);
    expect(again).toMatchObject({ status: 201, text: first.text });
    expect(
      await send('POST', '/v1/networks/1/employees', sam, { ...body, scope: 'limited' }, key),
    ).toMatchObject({ status: 422 });
  });

  it('lets an operator in for the first super user only', async () => {
    await superUserOf(2);
    const operator = await operatorToken();
    expect(
      await send(
        'POST',
        '/v1/networks/2/employees',
        operator,
        employeeBody('x', { superUser: true }),
      ),
    ).toMatchObject({
      status: 409,
      body: { code: 'access/super-user-exists' },
    });
    expect(
      await send('POST', '/v1/networks/2/employees', operator, employeeBody('x')),
    ).toMatchObject({ status: 403 });
    expect(
      await send(
        'POST',
        '/v1/networks/77/employees',
        operator,
        employeeBody('x', { superUser: true }),
      ),
    ).toMatchObject({ status: 404 });
    expect(await send('GET', '/v1/networks/2/employees', operator)).toMatchObject({ status: 200 });
  });

  it('keeps the last super user', async () => {
    const sam = await superUserOf(2);
    const list = await send('GET', '/v1/networks/2/employees', sam);
    const own = (list.body['items'] as { employeeId: number; subject: string }[]).find(
      ({ subject }) => subject === 'sam-2',
    );
    const path = `/v1/networks/2/employees/${String(own?.employeeId)}`;
    expect(await send('POST', `${path}/remove`, sam)).toMatchObject({
      status: 409,
      body: { code: 'access/last-super-user' },
    });
    expect(await send('PATCH', `${path}/rights`, sam, { superUser: false })).toMatchObject({
      status: 409,
    });
  });

  it('answers for another network as for one that does not exist, to the byte', async () => {
    const sam = await superUserOf(1);
    await superUserOf(2);
    const comparable = ({ status, text }: Answered) => [
      status,
      text.replace(/"correlationId":"[^"]+"/, ''),
    ];
    for (const rest of ['', '/101', '/999'])
      expect(comparable(await send('GET', `/v1/networks/2/employees${rest}`, sam))).toEqual(
        comparable(await send('GET', `/v1/networks/55/employees${rest}`, sam)),
      );
    const other = await send('POST', '/v1/networks/2/employees', sam, employeeBody('intruder'));
    expect(other).toMatchObject({ status: 404, body: { code: 'access/unknown-network' } });
  });

  it('points at each wrong field', async () => {
    const sam = await superUserOf();
    const wrong = {
      employeeId: '7',
      issuer: 'nowhere',
      subject: 'a\u202eb',
      superUser: 1,
      permissions: ['all'],
      scope: 'wide',
      extra: 1,
    };
    const { status, body } = await send('POST', '/v1/networks/1/employees', sam, wrong);
    expect(status).toBe(400);
    const pointers = (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual([
      '/employeeId',
      '/extra',
      '/issuer',
      '/permissions',
      '/scope',
      '/subject',
      '/superUser',
    ]);
    for (const url of [
      '/v1/networks/x/employees',
      '/v1/networks/1/employees?first=0',
      '/v1/networks/1/employees?first=201',
      '/v1/networks/1/employees?after=x',
      '/v1/networks/1/employees?asOf=then',
      '/v1/networks/1/employees/0',
    ])
      expect(await send('GET', url, sam)).toMatchObject({ status: 400 });
  });

  it.each(['http://login.test', 'https://a:b@login.test', 'javascript:alert(1)', 'login.test'])(
    'admits nobody whose issuer no token can come from: %s',
    async (issuer) => {
      const sam = await superUserOf();
      const body = { ...employeeBody('nobody'), issuer };
      expect(await send('POST', '/v1/networks/1/employees', sam, body)).toMatchObject({
        status: 400,
        body: { code: 'request/invalid', errors: [{ pointer: '/issuer' }] },
      });
      const query =
        'mutation($input: AdmitEmployeeInput!) { admitEmployee(input: $input) { employeeId } }';
      const refused = await send('POST', '/graphql', sam, {
        query,
        variables: { input: { ...body, networkId: '1', employeeId: String(body.employeeId) } },
      });
      expect(refused.body).toMatchObject({
        data: null,
        errors: [{ extensions: { code: 'request/invalid', errors: [{ pointer: '/issuer' }] } }],
      });
    },
  );

  it('pages employees by id, shows the removed ones, and the past with asOf', async () => {
    const sam = await superUserOf(2);
    const { path, employeeId } = await admit('of-the-past', {}, 2);
    const before = await send('GET', path, sam);
    const position = String(before.headers['x-ledger-position']);
    await send('POST', `${path}/remove`, sam);
    expect(await send('GET', path, sam)).toMatchObject({ body: { employeeId, removed: true } });
    expect(await send('GET', `${path}?asOf=${position}`, sam)).toMatchObject({
      body: { employeeId, removed: false },
    });
    const seen: number[] = [];
    let after = '';
    do {
      const { body } = await send('GET', `/v1/networks/2/employees?first=1${after}`, sam);
      seen.push(...(body['items'] as { employeeId: number }[]).map((one) => one.employeeId));
      const page = body['page'] as { endCursor: string; hasNextPage: boolean };
      after = page.hasNextPage ? `&after=${page.endCursor}` : '';
    } while (after !== '');
    expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other));
    expect(seen).toContain(employeeId);
  });

  it('answers 429 with Retry-After once an actor has spent the budget for changes, and leaves others alone', async () => {
    await admit('busy');
    const busy = await tokenOf('busy');
    let last: Answered | undefined;
    for (let n = 0; n < 301; n += 1) last = await send('POST', '/v1/plain', busy);
    expect(last).toMatchObject({
      status: 429,
      body: { code: 'access/too-many-requests', details: { budget: 'mutations' } },
    });
    expect(Number(last?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(await send('GET', '/v1/plain', busy)).toMatchObject({ status: 200 });
    await admit('calm', {}, 2);
    expect(await send('POST', '/v1/plain', await tokenOf('calm', 2))).toMatchObject({
      status: 201,
    });
  });

  it('guards GraphQL like REST: no answer without a token, not even the schema', async () => {
    const graphql = (query: string, token?: string) => send('POST', '/graphql', token, { query });
    for (const query of [
      '{ __schema { types { name } } }',
      '{ __typename }',
      '{ employees(networkId: "1") { edges { cursor } } }',
    ])
      expect(await graphql(query)).toMatchObject({
        status: 401,
        body: { code: 'access/unauthenticated' },
      });
    const sam = await superUserOf(2);
    await admit('by-graphql', {}, 2);
    const token = await tokenOf('by-graphql', 2);
    const answered = await graphql(
      '{ employees(networkId: "2", first: 200) { edges { node { subject superUser } } } }',
      sam,
    );
    expect(answered.text).toContain('"subject":"by-graphql"');
    expect(answered.headers['x-ledger-position']).toBeDefined();
    const refused = await graphql(
      '{ employees(networkId: "2") { edges { node { subject } } } }',
      token,
    );
    expect(refused.body).toMatchObject({
      errors: [{ extensions: { code: 'access/forbidden', status: 403 } }],
    });
    const other = await graphql(
      '{ employees(networkId: "1") { edges { node { subject } } } }',
      sam,
    );
    expect(other.body).toMatchObject({
      errors: [{ extensions: { code: 'access/unknown-network' } }],
    });
  });

  it('charges each mutation of a GraphQL document', async () => {
    const { employeeId } = await admit('bulk', { superUser: true, permissions: [] }, 2);
    const field = (n: number) =>
      `m${String(n)}: changeEmployeeRights(input: { networkId: "2", employeeId: "${String(employeeId)}", scope: global }) { scope }`;
    const query = `mutation { ${Array.from({ length: 310 }, (_, n) => field(n)).join(' ')} }`;
    const { body } = await send('POST', '/graphql', await tokenOf('bulk', 2), { query });
    expect(body).toMatchObject({
      errors: [{ path: ['m300'], extensions: { code: 'access/too-many-requests', status: 429 } }],
    });
  });

  it('records refusals of strangers and of handlers, few events for many requests', async () => {
    const denials = app.get(AccessDenials);
    await denials.flush();
    const stored = async () => {
      const found = [];
      for await (const event of store.readAll())
        if (event.type === 'AccessDenied') found.push(catalogue.decode<AccessDenied>(event));
      return found;
    };
    const counted = (events: Awaited<ReturnType<typeof stored>>, code: string) =>
      events
        .filter(({ data }) => data.code === code)
        .reduce((sum, { data }) => sum + data.count, 0);
    const before = await stored();
    for (let n = 0; n < 1_000; n += 1) await send('GET', '/v1/plain', `junk${String(n)}`);
    await admit('refused', {}, 2);
    const token = await tokenOf('refused', 2);
    for (let n = 0; n < 20; n += 1)
      expect(await send('GET', '/v1/forbidden', token)).toMatchObject({ status: 403 });
    await denials.flush();
    const after = await stored();
    expect(
      counted(after, 'access/unauthenticated') - counted(before, 'access/unauthenticated'),
    ).toBe(1_000);
    expect(counted(after, 'access/forbidden') - counted(before, 'access/forbidden')).toBe(20);
    expect(after.length - before.length).toBeLessThanOrEqual(10);
    expect(after.at(-1)?.metadata.actor.subject).toBeDefined();
    expect(
      after.find(
        ({ data }) => data.code === 'access/forbidden' && data.actor?.subject === 'refused',
      ),
    ).toMatchObject({
      metadata: { networkId: 2, actor: { type: 'employee', subject: 'refused' } },
    });
  });

  it('names every issuer that identities were ever of', async () => {
    await superUserOf();
    expect(await issuersSeen(app.get(ReadModels), await store.head())).toEqual([issuer.issuer]);
  });

  it('says 503 while an issuer cannot be asked for its keys, and serves again when it can', async () => {
    const token = await late.token({ sub: 'late' });
    late.answerWith(500);
    const refused = await send('GET', '/v1/plain', token);
    expect(refused).toMatchObject({ status: 503, body: { code: 'access/issuer-unavailable' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    late.answerWith(200);
    let answered = refused;
    await until(async () => {
      answered = await send('GET', '/v1/plain', token);
      return answered.status !== 503;
    });
    expect(answered).toMatchObject({ status: 403, body: { code: 'access/not-linked' } });
  });
});
