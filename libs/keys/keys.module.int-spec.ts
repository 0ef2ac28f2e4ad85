import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import {
  AccessDenials,
  AuthorityFence,
  Authorizer,
  IdentityReservations,
  LedgerAuthorizer,
} from '#access';
import { RecordingDenials } from '#access/testing';
import { EventCatalogue, EventStore } from '#event-store';
import { MemoryEventStore } from '#event-store/memory';
import { Clock, keyId } from '#kernel';
import { MessagingModule } from '#messaging';
import { requestContext } from '#messaging/testing';
import { networksEvents, networkStreamId } from '#networks';
import { partnersEvents } from '#partners';
import { createDataSource, migrate, RUNTIME_ROLE } from '#platform/postgres';
import { ProblemCatalogue, requestProblems } from '#problems';
import { ReadModels } from '#projections';
import { sealingMigrations, SealingModule } from '#sealing';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import {
  IssueKey,
  KeysModule,
  KeysOptions,
  keysEvents,
  keysMigrations,
  keysProblems,
  keysProcesses,
  keysSweeps,
  RevokeKey,
} from './index.js';
import { NETWORK, networkRing, SUPER_USER } from './testing/index.js';

class RunningClock extends Clock {
  override now(): Date {
    return new Date();
  }
}

class NoReadModels extends ReadModels {
  override read(): never {
    throw new Error('no read models here');
  }
}

describe('the module', () => {
  let database: TestDatabase;
  let folder: string;
  let app: TestingModule;
  let source: DataSource;
  const store = new MemoryEventStore();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    database = await testDatabase();
    await migrate(database.url, [...sealingMigrations, ...keysMigrations]);
    source = createDataSource({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'keys-module-test',
    });
    await source.initialize();
    const provided = [
      { provide: Clock, useClass: RunningClock },
      { provide: DataSource, useValue: source },
      { provide: EventStore, useValue: store },
      {
        provide: EventCatalogue,
        useValue: new EventCatalogue(keysEvents, partnersEvents, networksEvents),
      },
      { provide: ProblemCatalogue, useValue: new ProblemCatalogue(requestProblems, keysProblems) },
      { provide: Authorizer, useClass: LedgerAuthorizer },
      { provide: AccessDenials, useClass: RecordingDenials },
      { provide: ReadModels, useClass: NoReadModels },
      { provide: AuthorityFence, useValue: {} },
      { provide: IdentityReservations, useClass: IdentityReservations },
    ];
    @Global()
    @Module({ providers: provided, exports: provided.map(({ provide }) => provide) })
    class Root {}
    app = await Test.createTestingModule({
      imports: [
        Root,
        MessagingModule.forRoot({ recordedBy: 'test', receipts: 'memory' }),
        SealingModule.forRoot({ kind: 'file', path: join(folder, 'keys.json') }),
        KeysModule.forRoot(new KeysOptions('https://ledger.test')),
      ],
    }).compile();
    await app.init();
    const catalogue = app.get(EventCatalogue);
    const metadata = {
      $correlationId: 'c',
      $causationId: 'c',
      commandId: 'c',
      requestHash: '',
      actor: { type: 'system', issuer: 'i', subject: 's' },
      networkId: NETWORK,
      recordedBy: 'test',
      recordedAt: new Date().toISOString(),
      salt: '',
    } as const;
    const created = { type: 'NetworkCreated', data: { name: 'Acme', region: 'us' } } as const;
    const id = '6f1c1b4e-3f0a-5b83-9f6a-0b7a5f4f2d11';
    await store.append(networkStreamId(NETWORK), 'noStream', [
      catalogue.encode(id, created, metadata),
    ]);
  });
  afterAll(async () => {
    await app.close();
    await source.destroy();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const issue = (portal: 'advertiser' | 'network') =>
    app.get(CommandBus).execute(
      new IssueKey(SUPER_USER, requestContext({ networkId: NETWORK }), {
        portal,
        holder: portal === 'network' ? networkRing().holder : { type: 'advertiser', id: 3 },
        label: 'Dashboard',
      }),
    );
  const rows = async (table: string, id: string) =>
    (await source.query<unknown[]>(`SELECT 1 FROM ledger.${table} WHERE key_id = $1`, [id])).length;

  it('issues and revokes through the bus, with the sealed row in the database only in between', async () => {
    const { value } = await issue('advertiser');
    expect(value.key).toMatch(/^kl_adv_/);
    expect(await rows('key_secrets', value.keyId)).toBe(1);
    const command = new RevokeKey(SUPER_USER, requestContext({ networkId: NETWORK }), {
      keyId: keyId(value.keyId),
      reason: 'unused',
    });
    expect((await app.get(CommandBus).execute(command)).value.status).toBe('revoked');
    expect(await rows('key_secrets', value.keyId)).toBe(0);
    expect(await rows('key_attempts', value.keyId)).toBe(1);
  });

  it('keeps no sealed row of a hashed key', async () => {
    const { value } = await issue('network');
    expect(await rows('key_secrets', value.keyId)).toBe(0);
    expect(await rows('key_attempts', value.keyId)).toBe(1);
  });

  it('provides every process and sweep that it names', () => {
    for (const provider of [...keysProcesses, ...keysSweeps])
      expect(app.get<{ name: string }>(provider, { strict: false }).name).toMatch(/^[a-z-]+$/);
  });
});
