import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLedger } from '#event-store';
import { eventStoreMigrations, PostgresEventStore } from '#event-store/postgres';
import { migrate } from '#platform/postgres';
import { ProjectionBuilds, projectionsMigrations } from '#projections';
import { testDatabase } from '#test/postgres';
import {
  counted,
  counts,
  EngineFixture,
  eventually as within,
  SystemClock,
} from '../testing/engine-fixture.js';

/** Of each step: the child starts, or the time-outs of the session that it stopped in are over, on a busy machine. */
const STEP_MS_MAX = 60_000;
const TAKEOVER_MS_MAX = 6 * STEP_MS_MAX;

const eventually = <T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> =>
  within(look, holds, STEP_MS_MAX);

let engine: EngineFixture;
let child: ChildProcessWithoutNullStreams;
let answers: AsyncIterator<string>;

beforeEach(async () => {
  const database = await testDatabase();
  await migrate(database.url, [...eventStoreMigrations, ...projectionsMigrations]);
  const store = new PostgresEventStore({ url: database.url });
  await openLedger(store, { clock: new SystemClock() });
  engine = EngineFixture.on(database, store);
  child = spawn(
    process.execPath,
    [
      '--import',
      path.resolve('test/support/load-typescript.mjs'),
      path.resolve('libs/projections/testing/runner-child.ts'),
      database.url,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } },
  );
  answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
});

afterEach(async () => {
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  await engine.stop();
});

const total = async (): Promise<bigint> => {
  const [row] = await engine.rows<{ total: bigint | null }>(
    'SELECT sum(total)::bigint AS total FROM read.counts',
  );
  return row?.total ?? 0n;
};
const runnerOf = async (): Promise<string | null | undefined> => {
  const [row] = await engine.rows<{ runner: string | null }>(
    "SELECT runner FROM ledger.checkpoints WHERE name = 'counts'",
  );
  return row?.runner;
};
async function childStates(): Promise<{ name: string; state: string }[]> {
  child.stdin.write('status\n');
  const { value } = (await answers.next()) as { value: string };
  return JSON.parse(value) as { name: string; state: string }[];
}

/** Appends as long as the test runs, one event a time, so that a batch is always under way. */
function load(): { stop(): Promise<bigint> } {
  const stopped = new AbortController();
  const appended = (async () => {
    let sum = 0n;
    for (let n = 0; !stopped.signal.aborted; n += 1) {
      const events = Array.from({ length: 20 }, (_, i) => counted((n * 20 + i) % 50));
      await engine.append(...events);
      sum += BigInt(events.length);
    }
    return sum;
  })();
  return {
    stop: () => {
      stopped.abort();
      return appended;
    },
  };
}

describe('a runner that stands still', () => {
  it(
    'loses its projections to the standby, becomes the standby when it wakes up, and no row is wrong',
    async () => {
      await eventually(runnerOf, (runner) => runner === 'child');
      const standby = engine.runner([counts()]);
      const writing = load();
      await eventually(total, (sum) => sum > 100n);
      child.kill('SIGSTOP');
      const atStop = await total();
      await eventually(runnerOf, (runner) => runner === standby.runnerId);
      await eventually(total, (sum) => sum > atStop + 200n);
      child.kill('SIGCONT');
      await eventually(
        childStates,
        (states) => states.length === 2 && states.every(({ state }) => state === 'standby'),
      );
      const appended = await writing.stop();
      await eventually(total, (sum) => sum === appended);
      expect(await runnerOf()).toBe(standby.runnerId);
      const { store, catalogue, clock, pool } = engine;
      const builds = new ProjectionBuilds({ store, catalogue, clock, pool });
      expect(await builds.verify(counts(), new AbortController().signal)).toMatchObject({
        equal: true,
      });
      expect(await standby.problems()).toEqual([]);
    },
    TAKEOVER_MS_MAX,
  );

  it(
    'is replaced at once when it ends, without waiting for its lease',
    async () => {
      await eventually(runnerOf, (runner) => runner === 'child');
      const standby = engine.runner([counts()]);
      child.stdin.end();
      await once(child, 'exit');
      await eventually(runnerOf, (runner) => runner === standby.runnerId);
      await engine.append(counted(1));
      await eventually(total, (sum) => sum === 1n);
    },
    TAKEOVER_MS_MAX,
  );
});
