import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { HealthChecks, HealthController } from './index.js';

describe('health', () => {
  let app: NestFastifyApplication;
  let checks: HealthChecks;
  beforeEach(async () => {
    const module = await Test.createTestingModule({
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [HealthChecks],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    checks = app.get(HealthChecks);
  });
  afterEach(() => app.close());

  const get = (url: string) => app.inject({ method: 'GET', url });

  it('is ready when every part is up, and names each', async () => {
    checks.register('database', () => Promise.resolve({ up: true }));
    const response = await get('/health/ready');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ info: { database: { status: 'up' } } });
  });

  it('is not ready when one part is down, and says which and why', async () => {
    checks.register('database', () => Promise.resolve({ up: true }));
    checks.register('projections', () =>
      Promise.resolve({ up: false, detail: 'key_directory stopped at 42' }),
    );
    const response = await get('/health/ready');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({
      error: { projections: { status: 'down', detail: 'key_directory stopped at 42' } },
    });
  });

  it('never repeats the words of a failed check: they may hold credentials', async () => {
    checks.register('event-store', () =>
      Promise.reject(new RangeError('esdb://admin:changeit@10.0.0.7 refused us')),
    );
    const response = await get('/health/ready');
    expect(response.statusCode).toBe(503);
    expect(response.body).toContain('RangeError');
    expect(response.body).not.toMatch(/changeit|10\.0\.0\.7/);
  });

  it('is not ready from the moment a shutdown began, and lives on', async () => {
    checks.register('database', () => Promise.resolve({ up: true }));
    checks.drain();
    expect((await get('/health/ready')).statusCode).toBe(503);
    expect((await get('/health/live')).statusCode).toBe(200);
  });

  it('does not wait for a part that says nothing', async () => {
    checks.register('silent', () => new Promise(() => undefined));
    const response = await get('/health/ready');
    expect(response.statusCode).toBe(503);
    expect(response.body).toContain('no answer within');
  });

  it('lives even when nothing works', async () => {
    checks.register('database', () => Promise.resolve({ up: false }));
    expect((await get('/health/live')).json()).toEqual({ status: 'ok' });
  });
});
