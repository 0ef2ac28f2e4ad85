import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StallingProxy } from '#test/stalling-proxy';
import { inTransaction } from './checkpoints.js';
import { ProjectionRunner } from '../running/projection-runner.js';
import type { RunnerPoolOptions } from './runner-pool.js';
import { createRunnerPool } from './runner-pool.js';
import { counted, counts, EngineFixture, eventually } from '../testing/engine-fixture.js';

/** Of the server, and what an answer may take longer than that. */
const BOUNDS = { statementTimeoutMs: 400, answerGraceMs: 1_000 };
const LONGER_SECONDS = 1.6;
const ENDED = Symbol('ended');

describe('sessions of a runner, where the network loses packets in silence', () => {
  let engine: EngineFixture;
  let proxy: StallingProxy;
  let url: string;
  const pools: ReturnType<typeof createRunnerPool>[] = [];
  const poolOf = (options: Partial<RunnerPoolOptions> = {}) => {
    const pool = createRunnerPool({ connectionString: url, ...options });
    pools.push(pool);
    return pool;
  };

  beforeEach(async () => {
    engine = await EngineFixture.start();
    proxy = new StallingProxy(new URL(engine.database.url));
    url = await proxy.open();
  });
  afterEach(async () => {
    await proxy.close();
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    await engine.stop();
  });

  it('end with the answer that does not come, and others take their place', async () => {
    const pool = poolOf(BOUNDS);
    await pool.query('SELECT 1');
    proxy.stall();
    await expect(pool.query('SELECT 2')).rejects.toThrow(/terminated|timeout/i);
    expect(pool.totalCount).toBe(0);
    proxy.flow();
    expect((await pool.query<{ three: number }>('SELECT 3 AS three')).rows).toEqual([{ three: 3 }]);
  });

  it('end in the midst of a transaction too, and it is told so at once', async () => {
    const pool = poolOf(BOUNDS);
    const done: unknown = await inTransaction(pool, async (client) => {
      await client.query('SELECT 1');
      proxy.stall();
      await client.query('SELECT 2');
    }).catch(() => ENDED);
    expect(done).toBe(ENDED);
    expect(pool.totalCount).toBe(0);
  });

  it('wait longer where the transaction told the server that it takes longer, and only there', async () => {
    const pool = poolOf(BOUNDS);
    await inTransaction(pool, async (client) => {
      await client.query('SET LOCAL statement_timeout = 30000');
      await client.query('SELECT pg_sleep($1)', [LONGER_SECONDS]);
    });
    await expect(
      inTransaction(pool, (client) => client.query('SELECT pg_sleep($1)', [LONGER_SECONDS])),
    ).rejects.toThrow(/statement timeout/);
  });

  it('end when the server has lost the session, however long the answer may take', async () => {
    const pool = poolOf(BOUNDS);
    const done: unknown = await inTransaction(pool, async (client) => {
      await client.query('SET LOCAL statement_timeout = 3600000');
      proxy.stall();
      const answer = client.query('SELECT 1');
      answer.catch(() => undefined);
      await engine.cutConnections();
      proxy.flow();
      await answer;
    }).catch(() => ENDED);
    expect(done).toBe(ENDED);
    expect(pool.totalCount).toBe(0);
  });

  it('are made anew: the runner is red while nothing comes through, and goes on by itself', async () => {
    const { store, catalogue, clock } = engine;
    const pool = poolOf({ statementTimeoutMs: 1_000, answerGraceMs: 500 });
    const runner = new ProjectionRunner({ store, catalogue, clock, pool }, [counts()]);
    runner.start();
    try {
      await engine.append(counted(1));
      await eventually(
        () => runner.status(),
        (all) => all.some(({ serving }) => serving) && all.every(({ lag }) => lag.events === 0),
      );
      expect(await runner.problems()).toEqual([]);
      proxy.stall();
      await eventually(
        () => runner.problems(),
        (problems) => problems.length === 2,
      );
      proxy.flow();
      await engine.append(counted(2));
      await eventually(
        () => engine.rows<{ id: number }>('SELECT id FROM read.counts ORDER BY id'),
        (rows) => rows.length === 2,
      );
      await eventually(
        () => runner.problems(),
        (problems) => problems.length === 0,
      );
    } finally {
      await runner.stop();
    }
  });
});
