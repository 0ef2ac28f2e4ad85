// A process of its own, so that its memory is its own: `rebuild-child.mjs live|rebuild <database url> <purpose>`, JSON to its parent.
import { eventCatalogue, projections } from '../dist/apps/composition/catalogue.js';
import { PostgresEventStore } from '../dist/libs/event-store/postgres/index.js';
import { createRunnerPool, ProjectionBuilds, ProjectionRunner } from '../dist/libs/projections/index.js';

const MEASURED = ['key_directory', 'audit_trail'];
const POLL_MS = 100;
const LIVE_SECONDS_MAX = 300;

const [, , what, url, purpose] = process.argv;
const measured = projections.filter(({ name }) => MEASURED.includes(name));
const store = new PostgresEventStore({ url });
const pool = createRunnerPool({ connectionString: url });
const options = { store, catalogue: eventCatalogue, clock: { now: () => new Date() }, pool };
const cpu = process.cpuUsage();
const start = performance.now();
if (what === 'live') await live();
else await new ProjectionBuilds(options).rebuild(measured, purpose, new AbortController().signal);
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
await pool.end();
await store.close();
// Kilobytes; the kernel's own peak.
const rssMb = process.resourceUsage().maxRSS / 1024;
process.send({ seconds, cpuSeconds: (used.user + used.system) / 1e6, rssMb });

async function live() {
  const runner = new ProjectionRunner(options, measured);
  runner.start();
  const until = performance.now() + LIVE_SECONDS_MAX * 1000;
  for (;;) {
    const statuses = await runner.status();
    if (statuses.some(({ failure }) => failure)) throw new Error(JSON.stringify(await runner.problems()));
    if (statuses.filter(({ serving }) => serving).length >= measured.length && statuses.every(({ lag }) => lag.events === 0)) break;
    if (performance.now() > until) throw new Error('the live projections were not built in time');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await runner.stop();
}
