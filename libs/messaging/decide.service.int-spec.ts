import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Receipt } from './index.js';
import { EventCatalogue } from '#event-store';
import { eventStoreMigrations, PostgresEventStore } from '#event-store/postgres';
import type { Decider, DomainEvent } from '#kernel';
import { DomainError } from '#kernel';
import { createDataSource, createPool, migrate, RUNTIME_ROLE } from '#platform/postgres';
import { domainErrorOf, ProblemCatalogue, requestProblems } from '#problems';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { messagingMigrations, PostgresCommandReceipts } from './index.js';
import { memoryMessaging, requestContext } from './testing/index.js';

type SeatTaken = DomainEvent<'SeatTaken', { readonly seat: number; readonly ticket: string }>;

const SEATS = 4;
/** Of a session that is told to end. */
const END_TIMEOUT_MS = 20_000;

const hall: Decider<number, { readonly ticket: string }, SeatTaken> = {
  initialState: () => 0,
  decide({ ticket }, taken) {
    if (taken >= SEATS) throw new DomainError('halls/full');
    return [{ type: 'SeatTaken', data: { seat: taken + 1, ticket } }];
  },
  evolve: (taken) => taken + 1,
};

describe('decisions on PostgreSQL', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let source: DataSource;
  let decisions: ReturnType<typeof memoryMessaging>['decisions'];
  beforeAll(async () => {
    database = await testDatabase();
    await migrate(database.url, [...eventStoreMigrations, ...messagingMigrations]);
    store = new PostgresEventStore({ url: database.url });
    source = createDataSource({
      url: database.url,
      role: RUNTIME_ROLE,
      applicationName: 'receipts',
    });
    await source.initialize();
    ({ decisions } = memoryMessaging({
      catalogue: new EventCatalogue({ SeatTaken: { version: 1, retention: 'governance' } }),
      store,
      receipts: new PostgresCommandReceipts(source),
      problems: new ProblemCatalogue(requestProblems, {
        'halls/full': { status: 409, title: 'Full', detail: 'No seat is left.' },
      }),
    }));
  });
  afterAll(async () => {
    await store.close();
    await source.destroy();
    await database.drop();
  });

  it('keep an invariant and carry each request out once, with many at once and each sent three times', async () => {
    const streamId = `hall-1-${randomUUID()}`;
    const requests = Array.from({ length: 12 }, () => {
      const commandId = randomUUID();
      return requestContext({ commandId, requestHash: `pepper:${commandId}`, idempotent: true });
    });
    const send = async (context: (typeof requests)[number]): Promise<string> => {
      try {
        const receipt: Receipt<number, SeatTaken> = await decisions.execute({
          streamId,
          decider: hall,
          // Another ticket at each attempt: only the stored one may be handed out.
          command: () => ({ ticket: randomUUID() }),
          context,
          retryUntilDeadline: true,
        });
        return receipt.events[0]?.data.ticket ?? 'none';
      } catch (error) {
        return error instanceof DomainError ? error.code : String(error);
      }
    };
    const attempts = requests.flatMap((context) => [context, context, context]);
    const answers = await Promise.all(attempts.map(send));
    const again = await Promise.all(attempts.map(send));
    expect(again).toEqual(answers);

    const stored: string[] = [];
    for await (const { data } of store.readStream(streamId))
      stored.push((JSON.parse(data) as SeatTaken['data']).ticket);
    expect(stored).toHaveLength(SEATS);
    const given = new Set(answers);
    given.delete('halls/full');
    expect([...given].sort()).toEqual(stored.sort());
  });

  it('are a 503 while the receipts can’t be reached, and go on when they can', async () => {
    const admin = createPool({ url: database.adminUrl, applicationName: 'test' });
    const decide = () =>
      decisions.execute({
        streamId: `hall-1-${randomUUID()}`,
        decider: hall,
        command: { ticket: 'one' },
        context: requestContext({ idempotent: true }),
      });
    try {
      await admin.query(
        'UPDATE pg_database SET datallowconn = false WHERE datname = current_database()',
      );
      await admin.query(
        `SELECT pg_terminate_backend(pid, ${String(END_TIMEOUT_MS)}) FROM pg_stat_activity
         WHERE application_name = 'receipts' AND datname = current_database()`,
      );
      const error: unknown = await decide().catch((caught: unknown) => caught);
      expect(domainErrorOf(error)).toMatchObject({ code: 'database/unavailable' });
      await admin.query(
        'UPDATE pg_database SET datallowconn = true WHERE datname = current_database()',
      );
      // A connection that the outage cut may still be handed out once more: a caller tries again.
      const again = async (attemptsLeft: number): Promise<unknown> =>
        decide().catch((caught: unknown) => {
          if (attemptsLeft === 0 || domainErrorOf(caught).code !== 'database/unavailable')
            throw caught;
          return again(attemptsLeft - 1);
        });
      await expect(again(5)).resolves.toMatchObject({ revision: 0n });
    } finally {
      await admin.end();
    }
  });
});
