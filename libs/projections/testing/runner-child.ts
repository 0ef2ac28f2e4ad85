import { createInterface } from 'node:readline';
import { PostgresEventStore } from '#event-store/postgres';
import { ProjectionRunner } from '../running/projection-runner.js';
import { createRunnerPool } from '../checkpoints/runner-pool.js';
import { counts, fixtureCatalogue, SystemClock } from './engine-fixture.js';

/** A runner as a process of its own, for the spec that stops one: `runner-child.ts <database url>`. */
const [, , url = ''] = process.argv;
const store = new PostgresEventStore({ url });
const pool = createRunnerPool({ connectionString: url });
const runner = new ProjectionRunner(
  { store, catalogue: fixtureCatalogue(), clock: new SystemClock(), pool, runnerId: 'child' },
  [counts()],
);
runner.start();

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'status') break;
  const status = await runner.status();
  process.stdout.write(
    `${JSON.stringify(status.map(({ name, state, failure }) => ({ name, state, failure })))}\n`,
  );
}
await runner.stop();
await pool.end();
await store.close();
