import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { discardEmbeddedPostgres, startEmbeddedPostgres } from '#platform/embedded-postgres';
import { migrate, RUNTIME_ROLE } from '#platform/postgres';
import type { NewEvent, Position, StoredEvent } from '../index.js';
import {
  AppendOutcomeUnknownError,
  appendUntilKnown,
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventStoreUnavailableError,
  InvalidEventError,
  position,
  POSITION_MAX,
  PositionNotInLogError,
  WrongExpectedRevisionError,
} from '../index.js';
import { Following, within } from '../testing/index.js';
import { EXPECTED_REVISION_MAX } from '../append-request.js';
import { clientConfig, CONNECT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './connection.js';
import {
  CLOSE_TIMEOUT_MS,
  GROUP_BYTES_MAX,
  GROUP_REQUESTS_MAX,
  QUEUE_BYTES_MAX,
} from './group-writer.js';
import { eventStoreMigrations, PostgresEventStore, UnfitServerError } from './index.js';
import {
  COPY_EVENTS_MIN,
  READ_BATCH_EVENTS,
  READ_CONNECTIONS_MAX,
} from './postgres-event-store.js';
import type { PostgresLog } from './testing/postgres-log.js';
import { connectedTo, postgresLog, terminateSessions } from './testing/postgres-log.js';
import { StallingProxy } from '#test/stalling-proxy';
import { NOTIFY_INTERVAL_MS } from './wake-up.js';

const APPEND_ONE = 'SELECT log.append_one($1, $2, $3, $4, $5, $6) AS at';

let log: PostgresLog;
let store: PostgresEventStore;

beforeAll(async () => {
  log = await postgresLog();
  store = log.openStore();
  await store.verify();
});

afterAll(async () => {
  await store.close();
  await log.end();
});

const stream = () => `int-${randomUUID()}`;
const happened = (): NewEvent => ({
  id: randomUUID(),
  type: 'Happened',
  data: '{"n":1}',
  metadata: '{}',
});

async function revisionsOf(streamId: string): Promise<number[]> {
  const revisions: number[] = [];
  for await (const event of store.readStream(streamId)) revisions.push(Number(event.revision));
  return revisions;
}

/** Somebody's append in a transaction of their own, uncommitted until they say so: the lock is theirs. */
async function heldAppend(streamId: string) {
  const client = new pg.Client(log.database.url);
  await client.connect();
  await client.query('BEGIN');
  const event = happened();
  await client.query(APPEND_ONE, [
    streamId,
    '-1',
    event.id,
    event.type,
    event.data,
    event.metadata,
  ]);
  return {
    event,
    async end(how: 'COMMIT' | 'ROLLBACK') {
      await client.query(how);
      await client.end();
    },
  };
}

/** Until the store's append waits for the log's lock on the server. */
async function untilWaiting(): Promise<number> {
  return connectedTo(log.database.adminUrl, (client) =>
    within(
      (async () => {
        for (;;) {
          const { rows } = await client.query<{ pid: number }>(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'",
          );
          if (rows[0]) return rows[0].pid;
        }
      })(),
      'an append that waits for the lock',
    ),
  );
}

describe('the runtime role', () => {
  const asRuntime = <T>(work: (client: pg.Client) => Promise<T>) =>
    connectedTo({ connectionString: log.database.url, options: `-c role=${RUNTIME_ROLE}` }, work);

  it.each([
    `UPDATE log.events SET data = '{}'`,
    'DELETE FROM log.events',
    'TRUNCATE log.events',
    `INSERT INTO log.events VALUES (999, 's', 0, gen_random_uuid(), 'T', '{}', '{}', now())`,
    'ALTER TABLE log.events ADD COLUMN c text',
    'DROP TABLE log.events',
    'CREATE TABLE log.mine (n integer)',
    `CREATE OR REPLACE FUNCTION log.append_one(text, bigint, uuid, text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'`,
  ])('may not: %s', async (statement) => {
    await store.append(stream(), 'noStream', [happened()]);
    const error = await asRuntime((client) => client.query(statement)).then(
      () => undefined,
      (refusal: unknown) => refusal as pg.DatabaseError,
    );
    expect(error?.code).toBe('42501');
  });

  it('is taken whatever options stand in the URL', async () => {
    const url = new URL(log.database.url);
    url.searchParams.set('options', '-c role=none -c statement_timeout=0');
    const config = clientConfig({ url: url.href, applicationName: 'test' });
    const { rows } = await connectedTo(config, (client) =>
      client.query("SELECT current_user AS role, current_setting('statement_timeout') AS limit"),
    );
    expect(rows).toEqual([
      { role: RUNTIME_ROLE, limit: `${String(STATEMENT_TIMEOUT_MS / 1000)}s` },
    ]);
  });

  it('may read and append', async () => {
    await asRuntime(async (client) => {
      await client.query(APPEND_ONE, [stream(), '-1', randomUUID(), 'Happened', '{}', '{}']);
      await client.query('SELECT * FROM log.events LIMIT 1');
    });
  });

  it('appends neither under another isolation level nor with synchronous_commit off', async () => {
    const values = [stream(), '-1', randomUUID(), 'Happened', '{}', '{}'];
    await asRuntime(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await expect(client.query(APPEND_ONE, values)).rejects.toThrow('READ COMMITTED');
      await client.query('ROLLBACK');
      await client.query('SET synchronous_commit = off');
      await expect(client.query(APPEND_ONE, values)).rejects.toThrow('synchronous_commit');
    });
  });

  it('gives its caller no way to run a function of its own as the owner', async () => {
    await connectedTo(log.database.adminUrl, async (admin) => {
      await admin.query(`CREATE SCHEMA trap; GRANT ALL ON SCHEMA trap TO ${RUNTIME_ROLE}`);
    });
    await asRuntime(async (client) => {
      await client.query(
        `CREATE FUNCTION trap.max(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
         CREATE FUNCTION trap.add(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
         CREATE OPERATOR trap.+ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = trap.add);
         SET search_path = trap, pg_catalog`,
      );
      await client.query(APPEND_ONE, [stream(), '-1', randomUUID(), 'Happened', '{}', '{}']);
      await client.query(
        `SELECT log.append_group(ARRAY[$1], ARRAY[-1]::bigint[], ARRAY[1], ARRAY[1], ARRAY[gen_random_uuid()], ARRAY['T'], ARRAY['{}'], ARRAY['{}'])`,
        [stream()],
      );
    });
  });
});

describe('positions', () => {
  it('follow the order of commits: what waits behind an open append comes after it, and nobody misses either', async () => {
    const [first, second] = [stream(), stream()];
    const following = new Following(store, { after: await store.barrier() });
    const held = await heldAppend(first);
    const event = happened();
    const waiting = store.append(second, 'noStream', [event]);
    await untilWaiting();
    expect(following.events).toEqual([]);
    await held.end('COMMIT');
    await waiting;
    await following.untilEvent(event.id);
    await following.stop();
    expect(following.events.map((e) => e.id)).toEqual([held.event.id, event.id]);
  });

  it('leave no gap when a transaction is rolled back', async () => {
    const before = await store.barrier();
    const held = await heldAppend(stream());
    const waiting = store.append(stream(), 'noStream', [happened()]);
    await untilWaiting();
    await held.end('ROLLBACK');
    expect((await waiting).position).toBe(before + 1n);
  });

  it('are dense after conflicts, repetitions, groups and single events of several stores', async () => {
    const others = [store, log.openStore(), log.openStore()];
    const streams = Array.from({ length: 30 }, stream);
    await Promise.all(
      others.map(async (one, w) => {
        for (let round = 0; round < 5; round += 1)
          await Promise.allSettled(
            streams.map((s) =>
              one.append(s, round === 0 ? 'noStream' : BigInt(round) - 1n, [
                happened(),
                ...(w === 0 && round === 4 ? [happened()] : []),
              ]),
            ),
          );
        if (one !== store) await one.close();
      }),
    );
    await connectedTo(log.database.url, async (client) => {
      const { rows } = await client.query<{ dense: boolean }>(
        'SELECT count(*) = max(position) AND min(position) = 1 AS dense FROM log.events',
      );
      expect(rows).toEqual([{ dense: true }]);
    });
    for (const s of streams) expect((await revisionsOf(s)).length).toBeGreaterThanOrEqual(5);
  });

  it('are given to more requests at once than one group holds', async () => {
    const results = await Promise.all(
      Array.from({ length: GROUP_REQUESTS_MAX + 100 }, () =>
        store.append(stream(), 'noStream', [happened()]),
      ),
    );
    expect(new Set(results.map((r) => r.position)).size).toBe(results.length);
  });

  it('are read on while a transaction of the same database has written and stays open', async () => {
    await connectedTo(log.database.adminUrl, async (client) => {
      await client.query('BEGIN');
      await client.query('CREATE TABLE public.slow (n integer)');
      const following = new Following(store, { after: await store.barrier() });
      const event = happened();
      await within(store.append(stream(), 'noStream', [event]), 'the append');
      await following.untilEvent(event.id);
      await following.stop();
      await client.query('ROLLBACK');
    });
  });

  it('with a gap among them are an error for whoever reads, never silence', async () => {
    const broken = await postgresLog();
    const reader = broken.openStore();
    await reader.append(stream(), 'noStream', [happened(), happened(), happened()]);
    await connectedTo(broken.database.adminUrl, (client) =>
      client.query('DELETE FROM log.events WHERE position = 2'),
    );
    const items = reader.subscribeAll()[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toThrow(PositionNotInLogError);
    await reader.close();
    await broken.end();
  });
});

describe('a subscription that is far behind', () => {
  /** Several batches. */
  const behindBy = 3 * READ_BATCH_EVENTS;
  const texts = ['Žluťoučký кот 🔑', '\u2028 \u0001 "\\', '\u00e9 e\u0301', 'x'.repeat(2_500), ''];

  /** @returns the position before the first of them. */
  async function appendMany(to = store): Promise<Position> {
    const before = await to.barrier();
    const events = Array.from({ length: behindBy }, (_, n): NewEvent => {
      const text = texts[n % texts.length] ?? '';
      return {
        ...happened(),
        data: JSON.stringify({ text, n }),
        metadata: JSON.stringify({ [text]: n }),
      };
    });
    for (let from = 0; from < events.length; from += COPY_EVENTS_MIN)
      await to.append(`${stream()}-é`, 'noStream', events.slice(from, from + COPY_EVENTS_MIN));
    return before;
  }

  it('gets what reads get, to the byte', async () => {
    const after = await appendMany();
    const read: StoredEvent[] = [];
    for await (const event of store.readAll({ from: position(after + 1n) })) read.push(event);
    const following = new Following(store, { after });
    await following.untilEvent(read.at(-1)?.id ?? '');
    await following.stop();
    expect(following.events.slice(0, read.length)).toEqual(read);
    expect(read.length).toBeGreaterThanOrEqual(behindBy);
  });

  it('gets each event once, in order, although its connections are cut again and again', async () => {
    const after = await appendMany();
    const end = await store.barrier();
    const positions: Position[] = [];
    for await (const item of store.subscribeAll({ after })) {
      if (item.kind !== 'event') continue;
      positions.push(item.event.position);
      if (positions.length % COPY_EVENTS_MIN === 1) await terminateSessions(log.database);
      if (item.event.position >= end) break;
    }
    expect(positions.slice(0, Number(end - after))).toEqual(
      Array.from({ length: Number(end - after) }, (_, n) => after + BigInt(n + 1)),
    );
  });

  it('meets a gap as an error before it gets anything', async () => {
    const broken = await postgresLog();
    const reader = broken.openStore();
    await appendMany(reader);
    await connectedTo(broken.database.adminUrl, (client) =>
      client.query('DELETE FROM log.events WHERE position = $1', [COPY_EVENTS_MIN]),
    );
    const items = reader.subscribeAll()[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toThrow(PositionNotInLogError);
    await reader.close();
    await broken.end();
  });
});

describe('an append whose outcome is unknown', () => {
  it('says so when its backend is killed, and is stored once when it is repeated', async () => {
    const s = stream();
    const held = await heldAppend(stream());
    const event = happened();
    const outcome = store.append(s, 'noStream', [event]).catch((error: unknown) => error);
    const pid = await untilWaiting();
    await connectedTo(log.database.adminUrl, (client) =>
      client.query('SELECT pg_terminate_backend($1)', [pid]),
    );
    expect(await outcome).toBeInstanceOf(AppendOutcomeUnknownError);
    const repeated = appendUntilKnown(store, s, 'noStream', [event], {
      deadline: new Date(Date.now() + 10_000),
    });
    await held.end('COMMIT');
    expect((await repeated).revision).toBe(0n);
    expect(await revisionsOf(s)).toEqual([0]);
  });

  it('says so when its time is over on the way, and is stored once although the server went on', async () => {
    const s = stream();
    const held = await heldAppend(stream());
    const event = happened();
    const outcome = store
      .append(s, 'noStream', [event], { timeoutMs: 300 })
      .catch((e: unknown) => e);
    await untilWaiting();
    expect(await outcome).toBeInstanceOf(AppendOutcomeUnknownError);
    const behind = store.append(stream(), 'noStream', [happened()], { timeoutMs: 50 });
    await expect(behind).rejects.toThrow(EventStoreUnavailableError);
    await held.end('COMMIT');
    const again = await appendUntilKnown(store, s, 'noStream', [event], {
      deadline: new Date(Date.now() + 10_000),
    });
    expect(again.revision).toBe(0n);
    expect(await revisionsOf(s)).toEqual([0]);
  });

  it('is refused for good when somebody else has taken the revision meanwhile', async () => {
    const s = stream();
    const held = await heldAppend(s);
    const outcome = store.append(s, 'noStream', [happened()]).catch((error: unknown) => error);
    await untilWaiting();
    await held.end('COMMIT');
    expect(await outcome).toBeInstanceOf(WrongExpectedRevisionError);
  });
});

describe('a connection that is lost without a word', () => {
  async function behind<T>(
    loses: (bytes: Buffer, from: 'client' | 'server') => boolean,
    work: (other: PostgresEventStore, proxy: StallingProxy) => Promise<T>,
  ): Promise<T> {
    const proxy = new StallingProxy(new URL(log.database.url), loses);
    const other = new PostgresEventStore({ url: await proxy.open() });
    try {
      return await work(other, proxy);
    } finally {
      await other.close();
      await proxy.close();
    }
  }

  it('right after its handshake is given up for another one', async () => {
    let connections = 0;
    const first = (bytes: Buffer, from: 'client' | 'server') =>
      from === 'client' && bytes.includes('current_setting') && ++connections === 1;
    await behind(first, async (other) => {
      const deadline = new Date(Date.now() + 2 * CONNECT_TIMEOUT_MS);
      const { revision } = await appendUntilKnown(other, stream(), 'noStream', [happened()], {
        deadline,
      });
      expect(revision).toBe(0n);
      expect(connections).toBe(2);
    });
  });

  it('with wake-ups on it takes no reader’s connection for longer than a poll', async () => {
    let lost = 0;
    const wakeUps = (bytes: Buffer, from: 'client' | 'server') =>
      from === 'client' && bytes.includes('NOTIFY') && ++lost <= READ_CONNECTIONS_MAX;
    await behind(wakeUps, async (other) => {
      const s = stream();
      for (let n = 0; lost < READ_CONNECTIONS_MAX; n += 1) {
        const before = lost;
        await other.append(s, n === 0 ? 'noStream' : BigInt(n - 1), [happened()]);
        const wokenUp = async () => {
          while (lost === before)
            await new Promise((resolve) => setTimeout(resolve, NOTIFY_INTERVAL_MS));
        };
        await within(wokenUp(), 'the wake-up');
      }
      // Sooner than any call's own time is over, and with room for a busy machine.
      const timeoutMs = EVENT_STORE_TIMEOUT_MS_DEFAULT / 2;
      await expect(other.head({ timeoutMs })).resolves.toBeDefined();
    });
  });

  it('in the middle of a subscription’s events does not keep it from ending', async () => {
    let copying = false;
    let asked: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => (asked = resolve));
    const answers = (bytes: Buffer, from: 'client' | 'server') => {
      copying ||= from === 'client' && bytes.includes('COPY (SELECT');
      if (copying && from === 'server') asked();
      return copying && from === 'server';
    };
    for (let n = 0; n < COPY_EVENTS_MIN; n += 1)
      await store.append(stream(), 'noStream', [happened()]);
    await behind(answers, async (other) => {
      const following = new Following(other, { after: position(0n) });
      await within(lost, 'the answer');
      // Sooner than the query's own time is over.
      await within(following.stop(), 'the end', EVENT_STORE_TIMEOUT_MS_DEFAULT / 2);
      expect(following.events).toEqual([]);
    });
  });

  it('does not keep a store from closing', async () => {
    await behind(
      () => false,
      async (other, proxy) => {
        await other.append(stream(), 'noStream', [happened()]);
        proxy.stall();
        await within(other.close(), 'the end', CLOSE_TIMEOUT_MS + 2 * CONNECT_TIMEOUT_MS);
      },
    );
  });
});

describe('requests of one group', () => {
  it('that expect a revision no bigint can follow are refused alone', async () => {
    const answers = await Promise.allSettled([
      store.append(stream(), 'noStream', [happened()]),
      store.append(stream(), POSITION_MAX, [happened()]),
      store.append(stream(), EXPECTED_REVISION_MAX, [happened()]),
      store.append(stream(), 'noStream', [happened()]),
    ]);
    const outcomes = answers.map((answer): unknown =>
      answer.status === 'rejected' ? answer.reason : 'stored',
    );
    expect(outcomes).toEqual([
      'stored',
      expect.any(InvalidEventError),
      expect.any(WrongExpectedRevisionError),
      'stored',
    ]);
  });

  it('wait with so many bytes at most', async () => {
    const held = await heldAppend(stream());
    const large = () => ({ ...happened(), data: JSON.stringify({ text: 'x'.repeat(1_000_000) }) });
    const many = Math.ceil((QUEUE_BYTES_MAX + GROUP_BYTES_MAX) / 1_000_000) + 1;
    const abort = new AbortController();
    const answers = Promise.allSettled(
      Array.from({ length: many }, () =>
        store.append(stream(), 'noStream', [large()], { signal: abort.signal }),
      ),
    );
    await expect(store.append(stream(), 'noStream', [large()])).rejects.toThrow(/too many/);
    abort.abort();
    await held.end('ROLLBACK');
    await answers;
    await expect(store.append(stream(), 'noStream', [large()])).resolves.toBeDefined();
  });
});

describe('a server that is not fit', () => {
  it('is refused with fsync off, by the name of the setting', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keyledger-unfit-'));
    chmodSync(folder, 0o711);
    const server = await startEmbeddedPostgres({ folder, settings: { fsync: 'off' } });
    const unfit = new PostgresEventStore({ url: server.url });
    try {
      await migrate(server.url, eventStoreMigrations);
      await expect(unfit.verify()).rejects.toMatchObject({
        name: 'UnfitServerError',
        setting: 'fsync',
      });
      await expect(unfit.append(stream(), 'noStream', [happened()])).rejects.toThrow(
        UnfitServerError,
      );
      expect(await unfit.head()).toBeUndefined();
    } finally {
      await unfit.close();
      await server.stop();
      await discardEmbeddedPostgres(folder);
    }
  });

  it('is refused with synchronous_commit off, also when that was changed while serving', async () => {
    const changing = await postgresLog();
    const one = changing.openStore();
    await one.append(stream(), 'noStream', [happened()]);
    await connectedTo(changing.database.adminUrl, (client) =>
      client.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`,
      ),
    );
    await terminateSessions(changing.database);
    await expect(
      appendUntilKnown(one, stream(), 'noStream', [happened()], {
        deadline: new Date(Date.now() + 10_000),
      }),
    ).rejects.toMatchObject({ name: 'UnfitServerError', setting: 'synchronous_commit' });
    await one.close();
    await changing.end();
  });

  it('is refused with an encoding other than UTF-8, and without a log', async () => {
    const name = `ascii_${randomUUID().slice(0, 8)}`;
    const url = new URL(log.database.adminUrl);
    url.pathname = `/${name}`;
    await connectedTo(log.database.adminUrl, async (client) => {
      await client.query(
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`,
      );
      const ascii = new PostgresEventStore({ url: url.href });
      await expect(ascii.verify()).rejects.toMatchObject({ setting: 'server_encoding' });
      await ascii.close();
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      url.pathname = '/postgres';
      const empty = new PostgresEventStore({ url: url.href });
      await expect(empty.verify()).rejects.toMatchObject({ setting: 'log' });
      await empty.close();
    });
  });

  it('that is not there is said to be unavailable, by calls of every kind, without a word of the password', async () => {
    const nobody = new PostgresEventStore({
      url: 'postgres://keyledger:hunter2@127.0.0.1:1/ledger',
    });
    for (const call of [
      () => nobody.append(stream(), 'noStream', [happened()]),
      () => nobody.head(),
      () => nobody.barrier(),
      () => nobody.verify(),
    ]) {
      const error = await call().then(
        () => undefined,
        (refusal: unknown) => refusal as Error,
      );
      expect(error).toBeInstanceOf(EventStoreUnavailableError);
      expect(String(error)).not.toContain('hunter2');
    }
    expect(nobody.description).toBe('postgres://127.0.0.1:1/ledger');
    await nobody.close();
  });
});
