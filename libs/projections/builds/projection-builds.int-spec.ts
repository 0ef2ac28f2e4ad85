import { once } from 'node:events';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProcessRunner, ProjectionBuilds, SwitchRefusedError } from '#projections';
import { counted, counts, EngineFixture, eventually } from '../testing/engine-fixture.js';

let engine: EngineFixture;
beforeEach(async () => {
  engine = await EngineFixture.start();
});
afterEach(async () => {
  await engine.stop();
});

const builds = (): ProjectionBuilds => {
  const { store, catalogue, clock, pool } = engine;
  return new ProjectionBuilds({ store, catalogue, clock, pool });
};
const never = (): AbortSignal => new AbortController().signal;
const refused = (words: RegExp) => ({
  name: SwitchRefusedError.name,
  message: expect.stringMatching(words),
});
const serving = (build: string, projection = 'counts') =>
  eventually(
    () => builds().statuses(),
    (all) => all.some((one) => one.name === projection && one.build === build && one.serving),
  );
const secondSets = () =>
  engine.rows(
    `SELECT build AS left FROM ledger.checkpoints WHERE build LIKE '%verify'
     UNION ALL SELECT tablename FROM pg_tables WHERE schemaname = 'read' AND tablename LIKE '%verify'`,
  );

describe('a verification', () => {
  beforeEach(async () => {
    await engine.append(counted(1), counted(2));
    engine.runner([counts()]);
    await serving('v1');
  });

  it('that is ended while it fills leaves no second set, and can be begun again', async () => {
    const ending = new AbortController();
    const reason = new Error('enough');
    const ended = builds().verify(counts(), ending.signal, () => {
      ending.abort(reason);
    });
    await expect(ended).rejects.toBe(reason);
    expect(await secondSets()).toEqual([]);
    expect(await builds().verify(counts(), never())).toMatchObject({ equal: true });
  });

  it('that is ended while an index is built does not wait for it, and leaves no second set', async () => {
    // As an index over so many rows that it takes until somebody lets it go on.
    const owner = new pg.Client({ connectionString: engine.database.adminUrl });
    await owner.connect();
    await owner.query(
      `CREATE FUNCTION public.when_let_go(id integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_lock_shared(1); PERFORM pg_advisory_unlock_shared(1); RETURN true; END'`,
    );
    const slow = counts(1, {
      name: 'slow',
      tables: {
        slow: {
          columns: { id: 'integer' },
          key: ['id'],
          indexes: [{ columns: ['id'], where: 'public.when_let_go(id)' }],
        },
      },
      apply: ({ data }) => [
        { table: 'slow', key: { id: (data as { id: number }).id }, change: () => ({}) },
      ],
    });
    engine.runner([slow]);
    await serving('v1', 'slow');
    await owner.query('SELECT pg_advisory_lock(1)');
    const ending = new AbortController();
    const reason = new Error('enough');
    try {
      const over = Promise.allSettled([builds().verify(slow, ending.signal)]);
      const held = `SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
        WHERE d.datname = current_database() AND locktype = 'advisory' AND objid = 1 AND NOT granted`;
      await eventually(
        () => engine.rows(held),
        ({ length }) => length > 0,
      );
      ending.abort(reason);
      await eventually(
        () => engine.rows(held),
        ({ length }) => length === 0,
      );
      await expect(over).resolves.toEqual([{ status: 'rejected', reason }]);
    } finally {
      await owner.end();
    }
    expect(await secondSets()).toEqual([]);
  });

  it('that is ended while it compares gives up what it holds at once, and leaves no second set', async () => {
    const ending = new AbortController();
    const reason = new Error('enough');
    const other = await engine.pool.connect();
    try {
      await other.query('BEGIN');
      await other.query("SET LOCAL idle_in_transaction_session_timeout = '60s'");
      await other.query('LOCK TABLE read.counts_v1 IN ACCESS EXCLUSIVE MODE');
      const ended = builds().verify(counts(), ending.signal);
      const waiting = eventually(
        () =>
          engine.rows(
            "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'read.counts_v1'::regclass",
          ),
        (rows) => rows.length === 1,
      ).then(() => {
        ending.abort(reason);
      });
      await expect(ended).rejects.toBe(reason);
      await waiting;
    } finally {
      await other.query('ROLLBACK');
      other.release();
    }
    expect(await secondSets()).toEqual([]);
  });

  it('is refused while somebody else verifies the same projection', async () => {
    let second: Promise<unknown> | undefined;
    const first = builds().verify(counts(), never(), () => {
      second ??= builds()
        .verify(counts(), never())
        .catch((error: unknown) => error);
    });
    expect(await first).toMatchObject({ equal: true });
    expect(await second).toMatchObject(refused(/being verified by somebody else: try again/));
  });

  it('gives its place up before it is over, however long its session lives', async () => {
    const { store, catalogue, clock } = engine;
    const pool = engine.newPool();
    const sessions: pg.PoolClient[] = [];
    pool.on('connect', (client) => {
      const end: () => Promise<void> = client.end.bind(client);
      sessions.push(client);
      client.end = async () => {
        await released.promise;
        await end();
      };
    });
    const released = Promise.withResolvers<undefined>();
    const lasting = new ProjectionBuilds({ store, catalogue, clock, pool });
    try {
      expect(await lasting.verify(counts(), never())).toMatchObject({ equal: true });
      expect(sessions).not.toHaveLength(0);
      expect(await builds().verify(counts(), never())).toMatchObject({ equal: true });
    } finally {
      released.resolve(undefined);
    }
  });

  it('never compares tables of one version with those of another', async () => {
    await expect(builds().verify(counts(2), never())).rejects.toMatchObject(
      refused(/^counts serves v1, and this release makes v2: verify it with the release/),
    );
    expect(await secondSets()).toEqual([]);
  });
});

describe('a refused switch or drop', () => {
  it('says which projections and builds there are', async () => {
    await expect(builds().switchTo('nothing', 'v1')).rejects.toMatchObject(
      refused(/^no projection nothing: there are none yet, start a projector$/),
    );
    engine.runner([counts()]);
    await serving('v1');
    for (const act of ['switchTo', 'drop'] as const) {
      await expect(builds()[act]('nothing', 'v1')).rejects.toMatchObject(
        refused(/^no projection nothing with builds; there are counts$/),
      );
      await expect(builds()[act]('counts', 'v9')).rejects.toMatchObject(
        refused(/^counts has no build v9; there are v1$/),
      );
    }
  });

  it('says to stop the release that runs a build before it is dropped', async () => {
    engine.runner([counts(), counts(2)]);
    await serving('v2');
    await expect(builds().drop('counts', 'v1')).rejects.toMatchObject(
      refused(/^counts v1 is filled or kept up to date by somebody: stop the release/),
    );
    await expect(builds().drop('counts', 'v2')).rejects.toMatchObject(
      refused(/^counts v2 serves: switch to another build first$/),
    );
  });

  it('keeps the checkpoints of processes and of the log’s times, which would begin anew', async () => {
    const { store, catalogue, clock } = engine;
    const process = { name: 'closes', handles: ['Counted'], handle: () => Promise.resolve() };
    const runner = new ProcessRunner({ store, catalogue, clock, pool: engine.newPool() }, [
      process,
    ]);
    runner.start();
    const projector = engine.runner([counts()]);
    await engine.append(counted(1));
    const known = await eventually(
      () => builds().statuses(),
      (all) => all.length === 3 && all.every(({ position }) => position !== undefined),
    );
    await runner.stop();
    await projector.stop();
    for (const { name, build } of known.filter((one) => one.name !== 'counts'))
      await expect(builds().drop(name, build)).rejects.toMatchObject(
        refused(/^no projection \w+ with builds; there are counts$/),
      );
    expect(await builds().statuses()).toHaveLength(3);
  });
});

it('a switch waits for the last events of a build that somebody runs', async () => {
  const runner = engine.runner([counts(), counts(2)]);
  await engine.append(counted(1));
  await serving('v2');
  await runner.stop();
  engine.runner([counts(2)]);
  const at = await engine.append(counted(1));
  await eventually(
    () => builds().statuses(),
    (all) => all.some(({ build, position }) => build === 'v2' && position === at),
  );
  await expect(builds().switchTo('counts', 'v1')).rejects.toMatchObject(
    refused(
      /^counts v1 is at \d+, behind v2 at \d+: start a projector of the release that has v1, and try/,
    ),
  );
  // Held as by a runner that is about to write them.
  await engine.rows(
    "UPDATE ledger.checkpoints SET lease_until = clock_timestamp() + interval '20 s' WHERE build = 'v1'",
  );
  const tried = once(engine.pool, 'release');
  const switching = builds().switchTo('counts', 'v1');
  await tried;
  await engine.rows(
    "UPDATE ledger.checkpoints SET resume_position = $1 WHERE name = 'counts' AND build = 'v1'",
    [String(at)],
  );
  await switching;
  await serving('v1');
});
