// Key directory and audit trail rebuilt beside the live ones, from the log in PostgreSQL, by the product's own engine.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { discardEmbeddedPostgres, startEmbeddedPostgres } from '../dist/libs/platform/embedded-postgres/index.js';
import { migrate } from '../dist/libs/platform/postgres/index.js';
import { migrationsFor, projections } from '../dist/apps/composition/catalogue.js';
import { rounded } from './measure.mjs';
import { fillLog } from './rebuild-log.mjs';

const pg = createRequire(new URL('../package.json', import.meta.url))('pg');

export const needsPeers = false;

const EVENTS = 500_000;
const EVENTS_SMALL = 50_000;
const PURPOSE = 'bench';
const CHILD_SECONDS_MAX = 300;
/** For both logs: a heap without bounds grows because it can, and not because the log does. */
const HEAP = ['--max-semi-space-size=32', '--max-old-space-size=384'];
/** With their histories. */
const TABLES = projections
  .filter(({ name }) => ['key_directory', 'audit_trail'].includes(name))
  .flatMap(({ version, tables }) =>
    Object.entries(tables).flatMap(([table, { history }]) => (history ? [table, `${table}_history`] : [table]).map((name) => ({ name, build: `v${version}` }))),
  );

export async function run({ positionals = [], say }) {
  const events = Number(positionals[0] ?? EVENTS);
  if (!Number.isSafeInteger(events) || events < 1) throw new TypeError(`rebuild takes a number of events, not ${positionals[0]}`);
  const folder = mkdtempSync(join(tmpdir(), 'keyledger-bench-'));
  const server = await startEmbeddedPostgres({ folder });
  try {
    const small = await rebuildOf(Math.min(EVENTS_SMALL, events), server, say);
    const full = await rebuildOf(events, server, say);
    return {
      events,
      seconds: rounded(full.seconds, 1),
      events_per_s: rounded(events / full.seconds),
      rss_mb: rounded(full.rssMb),
      rss_mb_small: rounded(small.rssMb),
      rows_equal: small.equal && full.equal,
      baseline_insert_select_rows_per_s: rounded(full.baseline),
      node_cpu_us_per_event: rounded((full.cpuSeconds * 1e6) / events, 1),
    };
  } finally {
    await server.stop();
    await discardEmbeddedPostgres(folder);
  }
}

async function rebuildOf(events, server, say) {
  const name = `bench_${events}`;
  await query(server.adminUrl, `CREATE DATABASE ${name} OWNER keyledger`);
  const url = named(server.url, name);
  await migrate(url, migrationsFor('postgres'));
  const began = performance.now();
  await fillLog(url, events);
  say(`${events} events written in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const live = await inChild('live', url);
  say(`live projections built in ${live.seconds.toFixed(1)} s`);
  await query(named(server.adminUrl, name), 'CHECKPOINT');
  const rebuilt = await inChild('rebuild', url);
  say(`rebuilt in ${rebuilt.seconds.toFixed(1)} s: ${(events / rebuilt.seconds).toFixed(0)} events/s, Node ${((rebuilt.cpuSeconds * 1e6) / events).toFixed(1)} µs an event, peak ${rebuilt.rssMb.toFixed(0)} MB`);
  const equal = await rowsEqual(url, say);
  const baseline = await insertSelectRate(url);
  say(`INSERT … SELECT into the same indexes: ${baseline.toFixed(0)} rows/s`);
  return { ...rebuilt, equal, baseline };
}

async function inChild(what, url) {
  const child = fork(fileURLToPath(new URL('./rebuild-child.mjs', import.meta.url)), [what, url, PURPOSE], {
    execArgv: HEAP,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    timeout: CHILD_SECONDS_MAX * 1000,
  });
  let result;
  child.on('message', (message) => {
    result = message;
    child.disconnect();
  });
  const [code] = await once(child, 'exit');
  if (code !== 0 || !result) throw new Error(`the ${what} process ended with ${code}`);
  return result;
}

/** Row by row, both ways. */
async function rowsEqual(url, say) {
  let equal = true;
  for (const { name: table, build } of TABLES) {
    const live = `SELECT t::text FROM read.${table}_${build} t`;
    const beside = `SELECT t::text FROM read.${table}_${build}_${PURPOSE} t`;
    const { rows } = await query(url, `SELECT (SELECT count(*)::int FROM (${live}) l) AS rows, (SELECT count(*)::int FROM ((${live} EXCEPT ALL ${beside}) UNION ALL (${beside} EXCEPT ALL ${live})) d) AS different`);
    say(`${table}: ${rows[0].rows} rows, ${rows[0].different} different`);
    equal &&= rows[0].rows > 0 && rows[0].different === 0;
  }
  return equal;
}

/** The floor: the audit trail's rows, from table to table within the server, with the same indexes kept up to date. */
async function insertSelectRate(url) {
  const { name, build } = TABLES.find((table) => table.name === 'audit_trail');
  const audit = `${name}_${build}`;
  await query(url, `CREATE TABLE read.baseline (LIKE read.${audit} INCLUDING ALL)`);
  const start = performance.now();
  const { rowCount } = await query(url, `INSERT INTO read.baseline SELECT * FROM read.${audit}`);
  return (rowCount * 1000) / (performance.now() - start);
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
