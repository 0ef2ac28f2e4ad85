import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Logger, Param, Post } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  AppendOutcomeUnknownError,
  EventStoreAccessDeniedError,
  EventStoreUnavailableError,
} from '#event-store';
import { composeKey, composePassphrase, DomainError } from '#kernel';
import { CallerLeftError } from '#messaging';
import { WrappingKeyMissingError } from '#sealing';
import {
  FIELD_PROBLEMS_MAX,
  ProblemCatalogue,
  ProblemFilter,
  requestProblems,
  validationPipe,
} from './index.js';

class Brick {
  @IsInt()
  readonly weight!: number;

  @IsOptional()
  @IsInt()
  readonly holes?: number;
}

class WallBody {
  @IsString()
  readonly name!: string;

  @ValidateNested({ each: true })
  @Type(() => Brick)
  readonly bricks!: Brick[];

  @IsOptional()
  @IsBoolean()
  readonly painted?: boolean;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(5)
  readonly storeys?: number;

  @IsOptional()
  @Length(2, 4)
  @IsString()
  readonly owner?: string;

  @ApiPropertyOptional({ type: 'integer', nullable: true })
  @IsOptional()
  @IsInt()
  readonly ownerId?: number | null;
}

const KEY = composeKey('kl', 'aff', '0123456789ABCDEFGHIJabcdefghijklmnop');
const PASSPHRASE = composePassphrase('3fk9wq0zx7m2a');
const LINK = `https://x.example/v1/share#${'aB3_-'.repeat(8)}xyz`;

const thrown = new Map<string, unknown>([
  ['refused', new DomainError('walls/never-brown', { colour: 'brown' })],
  [
    'told-a-key',
    new DomainError('walls/never-brown', {
      colour: `as ${KEY}`,
      others: [{ [KEY]: PASSPHRASE, n: 1 }],
    }),
  ],
  ['closed', new DomainError('walls/shop-closed')],
  [
    'late',
    new DomainError(
      'walls/shop-closed',
      {},
      {
        cause: new Error('not read: connection refused', {
          cause: new Error('connection refused'),
        }),
      },
    ),
  ],
  ['busy', new DomainError('walls/never-brown', { retryAfterSeconds: 1.2 })],
  ['unlisted', new DomainError('walls/unlisted', { hint: 'inner matters' })],
  ['store-unavailable', new EventStoreUnavailableError('10.0.0.7 refused us')],
  ['store-denied', new EventStoreAccessDeniedError('bad password hunter2')],
  ['store-unknown', new AppendOutcomeUnknownError('10.0.0.7 went away')],
  ['no-key', new WrappingKeyMissingError('/etc/keys/wrapping.key')],
  [
    'database-refused',
    Object.assign(new Error('connect ECONNREFUSED 10.0.0.8:5432'), { code: 'ECONNREFUSED' }),
  ],
  [
    'database-in-typeorm',
    Object.assign(new Error('query failed'), {
      driverError: Object.assign(new Error('terminating connection'), { code: '57P01' }),
    }),
  ],
  ['database-cut', new Error('Connection terminated unexpectedly')],
  [
    'database-closed-to-us',
    Object.assign(new Error('not accepting'), { code: '55000', severity: 'FATAL' }),
  ],
  ['database-silent', new Error('Query read timeout')],
  ['database-full', Object.assign(new Error('could not extend file'), { code: '53100' })],
  [
    'database-refused-by-all-addresses',
    Object.assign(new AggregateError([], 'all failed'), { code: 'ECONNREFUSED' }),
  ],
  ['left', new CallerLeftError()],
  ['left-waiting', new Error('The operation was aborted', { cause: new CallerLeftError() })],
  ['bug', new TypeError('the password is hunter2')],
  ['text', 'not even an error: hunter2'],
]);

@Controller()
class WallsController {
  @Post('walls')
  build(@Body() body: WallBody): string {
    return body.name;
  }

  @Get('throws/:what')
  throwIt(@Param('what') what: string): never {
    throw thrown.get(what);
  }
}

const catalogue = new ProblemCatalogue(requestProblems, {
  'walls/never-brown': { status: 409, title: 'Never brown', detail: 'Take another colour.' },
  'walls/shop-closed': { status: 503, title: 'Closed', detail: 'Wait.', retryAfterSeconds: 30 },
  'keys/wrapping-key-missing': { status: 503, title: 'No key', detail: 'Bring it.' },
});

class Lines implements LoggerService {
  readonly lines: unknown[] = [];
  log(): void {
    // Only errors are asked for.
  }
  warn(): void {
    // Only errors are asked for.
  }
  error(...line: unknown[]): void {
    this.lines.push(line);
  }
}

describe('an error over HTTP', () => {
  let app: NestFastifyApplication;
  const log = new Lines();
  beforeAll(async () => {
    const module = await Test.createTestingModule({
      controllers: [WallsController],
      providers: [
        { provide: ProblemCatalogue, useValue: catalogue },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useFactory: validationPipe },
      ],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(
      new FastifyAdapter({ genReqId: () => 'correlation-1', bodyLimit: 1_000 }),
    );
    app.useLogger(log);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    await app.close();
  });

  const get = (what: string) => app.inject({ method: 'GET', url: `/throws/${what}` });
  const post = (payload: string | object, contentType = 'application/json') =>
    app.inject({
      method: 'POST',
      url: '/walls',
      headers: { 'content-type': contentType },
      payload,
    });

  it('is a problem of RFC 9457 with its stable code, page, details and correlation id', async () => {
    const response = await get('refused');
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.statusCode).toBe(409);
    expect(response.json()).toEqual({
      type: 'https://keyledger.dev/errors/walls-never-brown',
      title: 'Never brown',
      status: 409,
      detail: 'Take another colour.',
      code: 'walls/never-brown',
      correlationId: 'correlation-1',
      details: { colour: 'brown' },
    });
  });

  it('says when to come back, in whole seconds', async () => {
    expect((await get('closed')).headers['retry-after']).toBe('30');
    expect((await get('busy')).headers['retry-after']).toBe('2');
    expect((await get('refused')).headers).not.toHaveProperty('retry-after');
  });

  it.each([
    ['store-unavailable', 'event-store/unavailable'],
    ['store-denied', 'event-store/unavailable'],
    ['store-unknown', 'request/outcome-unknown'],
    ['no-key', 'keys/wrapping-key-missing'],
    ['database-refused', 'database/unavailable'],
    ['database-in-typeorm', 'database/unavailable'],
    ['database-cut', 'database/unavailable'],
    ['database-silent', 'database/unavailable'],
    ['database-closed-to-us', 'database/unavailable'],
    ['database-full', 'database/unavailable'],
    ['database-refused-by-all-addresses', 'database/unavailable'],
  ])('of the machinery (%s) is a 503 that names no server and no file', async (what, code) => {
    const response = await get(what);
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ code });
    expect(response.body).not.toMatch(/10\.0\.0|hunter2|\/etc/);
  });

  it.each([
    ['closed', 'walls/shop-closed'],
    ['late', 'walls/shop-closed: not read: connection refused'],
    ['database-refused', 'connect ECONNREFUSED 10.0.0.8:5432'],
  ])('of what is away (%s) is told with its causes, and without a stack', async (what, reason) => {
    const before = log.lines.length;
    expect((await get(what)).body).not.toContain('refused');
    const [line] = log.lines.slice(before) as [[object]];
    const { code } = thrown.get(what) as { code: string };
    expect(line[0]).toEqual({
      code: code.includes('/') ? code : 'database/unavailable',
      correlationId: 'correlation-1',
      reason,
    });
  });

  it.each(['left', 'left-waiting'])(
    'of a caller who is gone (%s) is no failure that the log tells of',
    async (what) => {
      const before = log.lines.length;
      await get(what);
      expect(log.lines.slice(before)).toEqual([]);
    },
  );

  it.each(['bug', 'text', 'unlisted'])(
    'that nobody expected (%s) is a 500 without detail, and its cause stands in the log',
    async (what) => {
      const before = log.lines.length;
      const response = await get(what);
      expect(response.statusCode).toBe(500);
      expect(response.json()).toEqual({
        type: 'https://keyledger.dev/errors/request-internal',
        title: 'Internal error',
        status: 500,
        detail: requestProblems['request/internal'].detail,
        code: 'request/internal',
        correlationId: 'correlation-1',
      });
      const [line] = log.lines.slice(before) as [[{ err: unknown; correlationId: string }]];
      expect(line[0]).toMatchObject({ err: thrown.get(what), correlationId: 'correlation-1' });
    },
  );

  it.each([
    { body: '{"name": ', as: 'application/json', status: 400, code: 'request/malformed-json' },
    { body: '', as: 'application/json', status: 400, code: 'request/malformed-json' },
    { body: 'name=x', as: 'text/csv', status: 415, code: 'request/unsupported-media-type' },
    { body: 'long', as: 'application/json', status: 413, code: 'request/body-too-large' },
  ])('of body $body as $as is $status $code', async ({ body, as, status, code }) => {
    const long = JSON.stringify({ name: 'x'.repeat(1_000) });
    const response = await post(body === 'long' ? long : body, as);
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.json()).toMatchObject({ status, code });
  });

  it('of a path that does not exist is a 404 of the same form', async () => {
    const response = await app.inject({ method: 'GET', url: '/nothing/here' });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ code: 'request/not-found' });
  });

  it('points at each wrong and each unknown field', async () => {
    const response = await post({
      bricks: [{ weight: 1 }, { weight: 'heavy' }],
      'a/b~c': true,
    });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'request/invalid',
      errors: expect.arrayContaining([
        { pointer: '/name', problem: 'name must be a string' },
        { pointer: '/bricks/1/weight', problem: 'weight must be an integer number' },
        { pointer: '/a~1b~0c', problem: 'this field is not known here' },
      ]) as unknown,
    });
    expect(response.json<{ errors: unknown[] }>().errors).toHaveLength(3);
  });

  it.each([KEY, PASSPHRASE, LINK, `${'x'.repeat(70)} ${KEY}`])(
    'masks a secret that stands where the name of a field does: %s',
    async (secret) => {
      const response = await post({ name: 'x', bricks: [{ weight: 1, [secret]: 1 }], [secret]: 1 });
      expect(response.statusCode).toBe(400);
      const pointers = response
        .json<{ errors: { pointer: string }[] }>()
        .errors.map(({ pointer }) => pointer);
      expect(pointers).toHaveLength(2);
      expect(pointers).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^\/(?!bricks).*\[redacted\]$/),
          expect.stringMatching(/^\/bricks\/0\/.*\[redacted\]$/),
        ]),
      );
      expect(response.body).not.toMatch(/01234567|3fk9|aB3_/);
    },
  );

  it('masks a secret in the details of a refusal', async () => {
    expect((await get('told-a-key')).json()).toMatchObject({
      details: { colour: 'as [redacted]', others: [{ '[redacted]': '[redacted]', n: 1 }] },
    });
  });

  it.each([
    ['storeys', 'three', 'storeys must be an integer number'],
    ['storeys', '3', 'storeys must be an integer number'],
    ['storeys', 9, 'storeys must not be greater than 5'],
    ['storeys', 0, 'storeys must not be less than 1'],
    ['owner', 7, 'owner must be a string'],
    ['owner', 'x', 'owner must be longer than or equal to 2 characters'],
  ])('names the true fault of %s: %p', async (field, value, problem) => {
    const answer = await post({ name: 'wall', bricks: [], [field]: value });
    expect(answer.json()).toMatchObject({ errors: [{ pointer: `/${field}`, problem }] });
  });

  it('points at a null where a field may be left out, but not where it may be null', async () => {
    const build = (payload: object) => app.inject({ method: 'POST', url: '/walls', payload });
    const refused = await build({
      name: 'North',
      bricks: [{ weight: 1 }, { weight: 1, holes: null }],
      painted: null,
      ownerId: null,
    });
    expect(refused.statusCode).toBe(400);
    expect(refused.json<{ errors: unknown[] }>().errors).toEqual([
      { pointer: '/bricks/1/holes', problem: 'must not be null: leave the field out' },
      { pointer: '/painted', problem: 'must not be null: leave the field out' },
    ]);
    expect((await build({ name: 'North', bricks: [], ownerId: null })).statusCode).toBe(201);
  });

  it('lists a bounded number of wrong fields and counts the rest', async () => {
    const fields = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${String(i)}`, 1]));
    const response = await post({ name: 'x', bricks: [], ...fields });
    const { errors, details } = response.json<{ errors: unknown[]; details: unknown }>();
    expect(errors).toHaveLength(FIELD_PROBLEMS_MAX);
    expect(details).toEqual({ more: 60 - FIELD_PROBLEMS_MAX });
  });
});

describe('the catalogue of problems', () => {
  it('refuses two definitions of one code', () => {
    expect(() => new ProblemCatalogue(requestProblems, requestProblems)).toThrow(
      'two definitions of problem request/body-too-large',
    );
  });

  it('lists every code once', () => {
    expect(catalogue.codes()).toHaveLength(new Set(catalogue.codes()).size);
    expect(catalogue.codes()).toContain('walls/never-brown');
  });
});
