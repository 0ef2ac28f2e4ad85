import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { LoggingModule } from './index.js';

@Controller()
class ClosedController {
  @Get('closed')
  closed(): never {
    throw new ServiceUnavailableException();
  }
}

describe('the line of a request that failed', () => {
  const lines: string[] = [];
  let app: NestFastifyApplication;
  beforeAll(async () => {
    const sink = { write: (line: string) => void lines.push(line) };
    const module = await Test.createTestingModule({
      imports: [LoggingModule.forRoot('info', sink)],
      controllers: [ClosedController],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(() => app.close());

  it('says status and time, and has no stack of the logger: an outage brings many', async () => {
    await app.inject({ method: 'GET', url: '/closed' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      res: { statusCode: 503 },
      responseTime: expect.any(Number) as unknown,
      error: 'failed with status code 503',
    });
    expect(lines[0]).not.toContain('stack');
  });
});
