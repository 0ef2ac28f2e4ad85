// Appends per second of our PostgreSQL adapter beside a raw single-row INSERT, emmett-postgresql and message-db: the same
// server, the same run, fsync on, interleaved rounds, medians. Each writer has streams of its own, one event an append.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discardEmbeddedPostgres, startEmbeddedPostgres } from '../dist/libs/platform/embedded-postgres/index.js';
import { migrate } from '../dist/libs/platform/postgres/index.js';
import { eventStoreMigrations, PostgresEventStore } from '../dist/libs/event-store/postgres/index.js';
import { latencies, median, rounded, SECONDS_MAX, throughput } from './measure.mjs';

// The product's own driver for every side that brings none: the peers have another one beside them.
const pg = createRequire(new URL('../package.json', import.meta.url))('pg');

export const needsPeers = true;

const WRITERS = [1, 16, 64];
const WRITERS_MAX = 64;
const STREAM_EVENTS = 50;
const SECONDS = 3;
const ROUNDS = 3;
const WARM_UP_SECONDS = 0.5;
/** The two sides of the latency take turns in slices, so that a busy moment meets both. */
const LATENCY_SLICES = 20;
const SUBSCRIBE_EVENTS = 200_000;
const SUBSCRIBE_BATCH = 1_000;

/** About 400 bytes, as an event of the product with its metadata. */
const DATA = { keyId: randomUUID(), portal: 'affiliate', label: 'reporting', hint: 'kl_aff…9x2Q', verdict: { eligible: true, score: 87 } };
const METADATA = {
  $correlationId: randomUUID(), $causationId: randomUUID(), commandId: randomUUID(), schemaVersion: 1,
  actor: { type: 'employee', issuer: 'https://id.example', subject: '12' }, networkId: 1, salt: '0123456789abcdef0123456789abcdef',
};
const data = JSON.stringify(DATA);
const metadata = JSON.stringify(METADATA);

export async function run({ seconds = SECONDS, rounds = ROUNDS, url, say }) {
  const folder = mkdtempSync(join(tmpdir(), 'keyledger-bench-'));
  const server = await startEmbeddedPostgres({ folder });
  const sides = [];
  try {
    const database = async (name) => {
      await query(server.adminUrl, `CREATE DATABASE ${name} OWNER keyledger`);
      return { url: named(server.url, name), adminUrl: named(server.adminUrl, name) };
    };
    const ours = await oursSide(await database('bench_ours'));
    const raw = await rawSide(await database('bench_raw'));
    const emmett = await emmettSide(await database('bench_emmett'));
    const messagedb = await messageDbSide(await database('bench_messagedb'));
    sides.push(ours, raw, emmett, messagedb);
    const eventstoredb = url ? await eventStoreDbSide(url) : undefined;
    if (eventstoredb) sides.push(eventstoredb);

    const plan = [
      ...WRITERS.flatMap((writers) => [['ours', ours, writers], ['raw', raw, writers]]),
      ['emmett', emmett, WRITERS_MAX],
      ['messagedb', messagedb, WRITERS_MAX],
      ...(eventstoredb ? [['eventstoredb', eventstoredb, WRITERS_MAX]] : []),
    ];
    const rates = Object.fromEntries(plan.map(([name, , writers]) => [`${name}_${writers}`, []]));
    const ratios = [];
    const latencyRatios = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, side, writers] of plan) {
        await query(server.adminUrl, 'CHECKPOINT');
        const work = side.writer();
        await throughput(writers, WARM_UP_SECONDS, work);
        const rate = await throughput(writers, seconds, side.writer());
        rates[`${name}_${writers}`].push(rate);
        say(`round ${round + 1}: ${name} ${writers} writers: ${rate.toFixed(0)}/s`);
      }
      ratios.push(rates.ours_64.at(-1) / rates.raw_64.at(-1));
      const taken = { ours: [], raw: [] };
      for (let slice = 0; slice < LATENCY_SLICES; slice += 1)
        for (const [name, side] of slice % 2 ? [['ours', ours], ['raw', raw]] : [['raw', raw], ['ours', ours]])
          taken[name].push(...(await latencies(seconds / LATENCY_SLICES, side.writer())));
      latencyRatios.push(median(taken.ours) / median(taken.raw));
      say(`round ${round + 1}: p50 ours ${median(taken.ours).toFixed(3)} ms, raw ${median(taken.raw).toFixed(3)} ms`);
    }

    const subscribePerS = await subscribeRate(ours.store, rounds, say);
    const result = Object.fromEntries(Object.entries(rates).map(([name, of]) => [name, rounded(median(of))]));
    return {
      ...result,
      ours_over_raw: rounded(median(ratios), 2),
      latency_1_ratio: rounded(median(latencyRatios), 2),
      subscribe_per_s: rounded(subscribePerS),
    };
  } finally {
    for (const side of sides) await side.close();
    await server.stop();
    await discardEmbeddedPostgres(folder);
  }
}

/** Streams of its own for each writer, a new one every `STREAM_EVENTS`: (writer, n) → [stream, revision]. */
function streams() {
  const prefix = randomUUID().slice(0, 8);
  return (writer, n) => [`bench${writer}-${prefix}-${Math.floor(n / STREAM_EVENTS)}`, n % STREAM_EVENTS];
}

async function oursSide({ url }) {
  await migrate(url, eventStoreMigrations);
  const store = new PostgresEventStore({ url });
  await store.verify();
  return { store, writer: () => storeWriter(store), close: () => store.close() };
}

function storeWriter(store) {
  const place = streams();
  return async (writer, n) => {
    const [stream, revision] = place(writer, n);
    await store.append(stream, revision === 0 ? 'noStream' : BigInt(revision - 1), [
      { id: randomUUID(), type: 'KeyIssued', data, metadata },
    ]);
  };
}

/** The floor: the same columns and indexes, one prepared statement and one commit an event, a connection a writer. */
async function rawSide({ url }) {
  await query(
    url,
    `CREATE TABLE events (
      position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id text COLLATE "C" NOT NULL, revision bigint NOT NULL,
      id uuid NOT NULL, type text COLLATE "C" NOT NULL, data text NOT NULL, metadata text NOT NULL,
      stored_at timestamptz NOT NULL, UNIQUE (stream_id, revision))`,
  );
  const clients = await connections(url);
  return {
    writer() {
      const place = streams();
      return async (writer, n) => {
        const [stream, revision] = place(writer, n);
        await clients[writer].query({
          name: 'raw',
          text: 'INSERT INTO events (stream_id, revision, id, type, data, metadata, stored_at) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp()) RETURNING position',
          values: [stream, revision, randomUUID(), 'KeyIssued', data, metadata],
        });
      };
    },
    close: () => Promise.all(clients.map((client) => client.end())),
  };
}

async function emmettSide({ url }) {
  const { getPostgreSQLEventStore } = await import('@event-driven-io/emmett-postgresql');
  const pool = new pg.Pool({ connectionString: url, max: WRITERS_MAX });
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
  await store.schema.migrate();
  return {
    writer() {
      const place = streams();
      return async (writer, n) => {
        const [stream, revision] = place(writer, n);
        await store.appendToStream(stream, [{ type: 'KeyIssued', data: DATA, metadata: METADATA }], {
          expectedStreamVersion: revision === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(revision),
        });
      };
    },
    async close() {
      await store.close();
      await pool.end();
    },
  };
}

/** Installed from its package's own SQL, in the order of its `install.sh`. A category a writer: it locks by category. */
async function messageDbSide({ adminUrl }) {
  const folder = join(createRequire(import.meta.url).resolve('@eventide/message-db/package.json'), '../database');
  const files = (name) => readFileSync(join(folder, name), 'utf8');
  const order = [
    'roles/message-store', 'schema/message-store', 'extensions/pgcrypto', 'tables/messages', 'types/message',
    ...['message-store-version', 'hash-64', 'category', 'is-category', 'id', 'cardinal-id', 'stream-version', 'acquire-lock', 'write-message'].map((name) => `functions/${name}`),
    'indexes/messages-id', 'indexes/messages-stream', 'indexes/messages-category',
  ];
  const installer = new pg.Client({ connectionString: adminUrl });
  await installer.connect();
  for (const name of order) await installer.query(files(`${name}.sql`).replace(/CONCURRENTLY /g, ''));
  await installer.end();
  const clients = await connections(adminUrl, '-c search_path=message_store,public');
  return {
    writer() {
      const place = streams();
      return async (writer, n) => {
        const [stream, revision] = place(writer, n);
        await clients[writer].query({
          name: 'write',
          text: 'SELECT write_message($1, $2, $3, $4, $5, $6)',
          values: [randomUUID(), stream, 'KeyIssued', data, metadata, revision - 1],
        });
      };
    },
    close: () => Promise.all(clients.map((client) => client.end())),
  };
}

async function eventStoreDbSide(url) {
  const { EventStoreDBEventStore } = await import('../dist/libs/event-store/eventstoredb/index.js');
  // Beside a ledger that the server may hold: that one's projections would stop at the first event of ours.
  const store = new EventStoreDBEventStore({ connectionString: url, ledger: `bench${randomUUID().slice(0, 8)}` });
  return { store, writer: () => storeWriter(store), close: () => store.close() };
}

/** From the start of the log to its head, as a projection catches up. */
async function subscribeRate(store, rounds, say) {
  const head = async () => Number((await store.head()) ?? 0n);
  const id = randomUUID();
  for (let n = 0; (await head()) < SUBSCRIBE_EVENTS; n += 1)
    await store.append(
      `fill-${id}-${n}`,
      'noStream',
      Array.from({ length: SUBSCRIBE_BATCH }, () => ({ id: randomUUID(), type: 'KeyIssued', data, metadata })),
    );
  const end = await store.head();
  const rates = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    let events = 0;
    for await (const item of store.subscribeAll()) {
      if (item.kind === 'event') events += 1;
      if ((item.kind === 'event' ? item.event : item).position >= end) break;
      if (performance.now() - start > SECONDS_MAX * 1000) break;
    }
    rates.push((events * 1000) / (performance.now() - start));
    say(`subscribe: ${events} events, ${rates.at(-1).toFixed(0)}/s`);
  }
  return median(rates);
}

async function connections(url, options) {
  const clients = Array.from({ length: WRITERS_MAX }, () => new pg.Client({ connectionString: url, options }));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

async function query(url, text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

function named(url, name) {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
