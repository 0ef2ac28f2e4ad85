import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  Args,
  Field,
  GraphQLModule,
  ID,
  ObjectType,
  Query,
  Mutation,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { EventCatalogue, EventStore, position, positionsSeen } from '#event-store';
import { MemoryEventStore } from '#event-store/memory';
import { Clock, DomainError } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { ProblemCatalogue, ProblemFilter, requestProblems } from '#problems';
import { PersonalData, Peppers } from '#sealing';
import type { RequestContext } from '../index.js';
import {
  Answer,
  answer,
  AnswerPositions,
  CallerLeftError,
  Ctx,
  IfMatch,
  installPositions,
  MessagingModule,
  REQUEST_DEADLINE_MS,
} from '../index.js';
import { MirroredPersonalData } from '../testing/index.js';

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

const seen: RequestContext[] = [];
let waiting: ((context: RequestContext) => void) | undefined;

@Controller('walls')
class WallsController {
  @Post(':wall')
  paint(@Ctx() context: RequestContext, @Param('wall') wall: string, @Body() body: object) {
    seen.push(context);
    return answer({ wall, body }, position(7n), {
      status: 202,
      etag: 'v-3',
      location: `/walls/${wall}`,
    });
  }

  @Post(':wall/match')
  @HttpCode(200)
  match(@IfMatch() ifMatch: string | undefined) {
    return { ifMatch: ifMatch ?? null };
  }

  @Get('torn/:at')
  torn(@Param('at') at: string): never {
    positionsSeen()?.snapshot(position(BigInt(at)));
    throw new DomainError('request/not-found');
  }

  @Get('plain')
  plain(): string {
    positionsSeen()?.snapshot(position(3n));
    return 'plain';
  }

  @Get('slow')
  async slow(@Ctx() context: RequestContext): Promise<string> {
    waiting?.(context);
    await new Promise((resolve) => {
      context.signal.addEventListener('abort', resolve);
    });
    return 'nobody hears this';
  }
}

@ObjectType()
class Wall {
  @Field(() => ID)
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

@Resolver(() => Wall)
class WallsResolver {
  @Query(() => Wall, { nullable: true })
  torn(@Args('at', { type: () => String }) at: string): never {
    positionsSeen()?.snapshot(position(BigInt(at)));
    throw new DomainError('request/not-found');
  }

  @Query(() => Wall)
  wall(@Args('id') id: string, @Args('at', { type: () => String }) at: string) {
    return answer(new Wall(id), position(BigInt(at)));
  }

  @Mutation(() => Wall)
  paint(@Ctx() context: RequestContext, @Args('id') id: string): Answer<Wall> {
    seen.push(context);
    return answer(new Wall(id), position(9n));
  }
}

@Module({
  providers: [
    { provide: Clock, useValue: new FixedClock() },
    { provide: EventStore, useValue: new MemoryEventStore() },
    { provide: EventCatalogue, useValue: new EventCatalogue() },
    { provide: ProblemCatalogue, useValue: new ProblemCatalogue(requestProblems) },
    { provide: PersonalData, useClass: MirroredPersonalData },
    { provide: Peppers, useClass: OnePepper },
  ],
  exports: [Clock, EventStore, EventCatalogue, ProblemCatalogue, PersonalData, Peppers],
})
class RootModule {}

describe('the edge', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [
        { module: RootModule, global: true },
        MessagingModule.forRoot({ recordedBy: 'test', receipts: 'memory' }),
        GraphQLModule.forRoot<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          autoSchemaFile: true,
          context: (request: FastifyRequest, reply: FastifyReply) => ({ request, reply }),
        }),
      ],
      controllers: [WallsController],
      providers: [WallsResolver, { provide: APP_FILTER, useClass: ProblemFilter }],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(
      new FastifyAdapter({ genReqId: () => randomUUID() }),
    );
    app.useLogger(false);
    installPositions(app);
    // As the guard of #access does.
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
        if (request.headers['x-as'] !== undefined) {
          app.get(AnswerPositions).of(request).authenticate();
          Object.assign(request, {
            principal: {
              networkId: 1,
              actor: {
                type: 'employee',
                issuer: 'https://i.test',
                subject: request.headers['x-as'],
              },
            },
            clientAddress: '203.0.113.7',
          });
        }
        done();
      });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  const post = (headers: Record<string, string>, body: object = {}, url = '/walls/north') =>
    app.inject({ method: 'POST', url, headers: { 'x-as': 'alice', ...headers }, payload: body });
  const contextOf = async (...request: Parameters<typeof post>) => {
    const { statusCode, body } = await post(...request);
    expect({ statusCode, body }).toMatchObject({ statusCode: 202 });
    return seen.at(-1) as RequestContext;
  };

  it('answers with position, entity tag and location, and the value alone as body', async () => {
    const response = await post({}, { colour: 'red' });
    expect(response.statusCode).toBe(202);
    expect(response.headers).toMatchObject({
      'x-ledger-position': '7',
      etag: '"v-3"',
      location: '/walls/north',
    });
    expect(response.json()).toEqual({ wall: 'north', body: { colour: 'red' } });
  });

  describe('says in X-Ledger-Position', () => {
    const said = async (url: string, headers: Record<string, string> = { 'x-as': 'alice' }) =>
      (await app.inject({ url, headers })).headers['x-ledger-position'];

    it('where a refusal, and an answer without a position, stood', async () => {
      expect(await said('/walls/torn/5')).toBe('5');
      expect(await said('/walls/plain')).toBe('3');
    });

    it('where the log stood for this process before, when nothing was read', async () => {
      await said('/walls/torn/41');
      expect(await said('/nowhere')).toBe('41');
      expect(await said('/walls/torn/6')).toBe('6');
      const malformed = await app.inject({
        method: 'POST',
        url: '/walls/north',
        headers: { 'x-as': 'alice', 'content-type': 'application/json' },
        payload: '{',
      });
      expect([malformed.statusCode, malformed.headers['x-ledger-position']]).toEqual([400, '41']);
    });

    it('nothing to strangers, unless they are answered', async () => {
      for (const url of ['/walls/torn/5', '/walls/plain', '/nowhere'])
        expect([url, await said(url, {})]).toEqual([url, undefined]);
      const painted = await app.inject({ method: 'POST', url: '/walls/north', payload: {} });
      expect(painted.headers['x-ledger-position']).toBe('7');
    });
  });

  it('derives the command from caller, operation and Idempotency-Key, and nothing else', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const first = await contextOf(key, { a: 1, b: 2 });
    const again = await contextOf(key, { b: 2, a: 1 });
    expect(again.commandId).toBe(first.commandId);
    expect(again.requestHash).toBe(first.requestHash);
    expect(first.idempotent).toBe(true);
    const others = await Promise.all([
      contextOf({ 'idempotency-key': 'k-2' }, { a: 1, b: 2 }),
      contextOf({ ...key, 'x-as': 'bob' }, { a: 1, b: 2 }),
    ]);
    for (const other of others) expect(other.commandId).not.toBe(first.commandId);
  });

  it('tells another body, and another path, under the same key as another request', async () => {
    const key = { 'idempotency-key': 'k-3' };
    const first = await contextOf(key, { a: 1 });
    const body = await contextOf(key, { a: 2 });
    const path = await contextOf(key, { a: 1 }, '/walls/south');
    expect([body.commandId, path.commandId]).toEqual([first.commandId, first.commandId]);
    expect(new Set([first, body, path].map(({ requestHash }) => requestHash)).size).toBe(3);
  });

  it('takes no Idempotency-Key from somebody without a token', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/walls/north',
      headers: { 'idempotency-key': 'k-1' },
      payload: {},
    });
    expect(response.statusCode).toBe(202);
    expect(seen.at(-1)).toMatchObject({ idempotent: false, networkId: null });
  });

  it.each([['a b'], ['x'.repeat(256)], ['']])('refuses the Idempotency-Key %j', async (key) => {
    const response = await post({ 'idempotency-key': key });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'request/idempotency-key-invalid' });
  });

  it('keeps of the headers only what is bounded and well-formed', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const good = await contextOf({
      traceparent: trace,
      'x-request-id': 'mine-1',
      'user-agent': 'u'.repeat(300),
    });
    expect(good).toMatchObject({
      traceparent: trace,
      clientRequestId: 'mine-1',
      userAgent: 'u'.repeat(256),
      ip: '203.0.113.7',
      actor: { subject: 'alice' },
      networkId: 1,
    });
    expect(good.deadline.getTime() - good.now.getTime()).toBe(REQUEST_DEADLINE_MS);
    const bad = await contextOf({ traceparent: '00-bad', 'x-request-id': 'x'.repeat(129) });
    expect(bad).not.toHaveProperty('traceparent');
    expect(bad).not.toHaveProperty('clientRequestId');
  });

  it('reads If-Match as one strong entity tag, and refuses all else', async () => {
    const match = async (header?: string) => {
      const headers: Record<string, string> = header === undefined ? {} : { 'if-match': header };
      const { statusCode, body } = await post(headers, {}, '/walls/north/match');
      return [statusCode, JSON.parse(body) as { ifMatch?: string; code?: string }] as const;
    };
    expect(await match()).toEqual([200, { ifMatch: null }]);
    expect(await match('"v-3"')).toEqual([200, { ifMatch: 'v-3' }]);
    for (const header of ['*', 'W/"v-3"', 'v-3', '"a", "b"', '""'])
      expect(await match(header)).toMatchObject([400, { code: 'request/precondition-invalid' }]);
  });

  it('aborts the signal when the client hangs up', async () => {
    const arrived = new Promise<RequestContext>((resolve) => {
      waiting = resolve;
    });
    const { port } = app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /walls/slow HTTP/1.1\r\nhost: x\r\n\r\n');
    const { signal } = await arrived;
    expect(signal.aborted).toBe(false);
    const aborted = new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    socket.destroy();
    await aborted;
    expect(signal.reason).toBeInstanceOf(CallerLeftError);
  });

  describe('in GraphQL', () => {
    const graphql = async (query: string, headers: Record<string, string> = {}) => {
      const response = await post(headers, { query }, '/graphql');
      expect(response.statusCode).toBe(200);
      expect(response.json()).not.toHaveProperty('errors');
      return response;
    };

    it('unwraps each field, and says the least of their positions', async () => {
      const response = await graphql(
        '{ a: wall(id: "1", at: "12") { id } b: wall(id: "2", at: "5") { id } }',
      );
      expect(response.json()).toEqual({ data: { a: { id: '1' }, b: { id: '2' } } });
      expect(response.headers['x-ledger-position']).toBe('5');
    });

    it('says the least also of what was refused, alone or beside what was answered', async () => {
      const ask = async (query: string) =>
        (await post({}, { query }, '/graphql')).headers['x-ledger-position'];
      expect(await ask('{ torn(at: "8") { id } }')).toBe('8');
      expect(await ask('{ wall(id: "1", at: "12") { id } torn(at: "8") { id } }')).toBe('8');
      expect(await ask('{ wall(id: "1", at: "4") { id } torn(at: "8") { id } }')).toBe('4');
      for (const query of ['{ __typename }', '{ nothing }'])
        expect(await ask(query)).toMatch(/^\d+$/);
    });

    it('gives each mutation of a document a command of its own, the same ones when it is sent again', async () => {
      const send = async () => {
        const before = seen.length;
        await graphql('mutation { a: paint(id: "1") { id } b: paint(id: "1") { id } }', {
          'idempotency-key': 'g-1',
        });
        return seen.slice(before).map(({ commandId }) => commandId);
      };
      const first = await send();
      expect(new Set(first).size).toBe(2);
      expect(await send()).toEqual(first);
    });
  });
});
