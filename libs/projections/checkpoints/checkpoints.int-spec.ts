import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { position } from '#event-store';
import { discardEmbeddedPostgres, startEmbeddedPostgres } from '#platform/embedded-postgres';
import { migrate } from '#platform/postgres';
import { LeaseLostError } from '#projections';
import { projectionsMigrations } from '../migrations/index.js';
import type { Lease, Progress } from './checkpoints.js';
import { Checkpoints } from './checkpoints.js';
import { createRunnerPool } from './runner-pool.js';
import { RUNNER_IDLE_IN_TRANSACTION_TIMEOUT_MS, RUNNER_STATEMENT_TIMEOUT_MS } from '../limits.js';
import { counts, EngineFixture, eventually } from '../testing/engine-fixture.js';

const TAKEOVER_MS_MAX = 60_000;

const ID = { name: 'any', build: 'v1', kind: 'projection', version: 1, tables: [] } as const;

let engine: EngineFixture;
let checkpoints: Checkpoints;
beforeEach(async () => {
  engine = await EngineFixture.start();
  checkpoints = new Checkpoints(engine.pool);
  await checkpoints.ensure([ID]);
});
afterEach(async () => {
  await engine.stop();
});

async function claimed(runner: string): Promise<Lease> {
  const [lease] = await checkpoints.claim([ID], runner);
  if (!lease) throw new Error(`${runner} got no lease`);
  return lease;
}
const endLease = () =>
  engine.rows("UPDATE ledger.checkpoints SET lease_until = now() - interval '1 second'");
const to = (at: bigint): Progress => ({
  resume: position(at),
  eventsSeen: at,
  handled: {
    logId: '6f1c1b4e-3f0a-5b83-9f6a-0b7a5f4f2d11',
    position: position(at),
    eventId: '2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11',
    at: '2026-01-01T00:00:00.000Z',
  },
});

describe('a lease', () => {
  it('is given to one, and to another only when it is over', async () => {
    await claimed('one');
    expect(await checkpoints.claim([ID], 'other')).toEqual([]);
    await endLease();
    expect((await claimed('other')).epoch).toBe(2n);
  });

  it('is given at once when it was given back', async () => {
    await checkpoints.release([await claimed('one')]);
    await claimed('other');
  });

  it('carries progress over to the next runner', async () => {
    const one = await claimed('one');
    await checkpoints.advance([{ lease: one, to: to(7n) }]);
    await checkpoints.release([one]);
    expect((await claimed('other')).progress).toEqual(to(7n));
  });

  it('that was lost writes nothing, neither rows nor progress, whatever its holder believes', async () => {
    const one = await claimed('one');
    await endLease();
    await claimed('other');
    await expect(
      checkpoints.transact(one, to(1n), async (client) => {
        await client.query('INSERT INTO ledger.log_times VALUES (1, now())');
      }),
    ).rejects.toThrow(LeaseLostError);
    expect(await checkpoints.advance([{ lease: one, to: to(1n) }])).toEqual([one]);
    expect(await checkpoints.renew([one])).toEqual([one]);
    await checkpoints.markFailed(
      one,
      { type: 'X', id: to(1n).handled?.eventId ?? '', position: position(1n) },
      'x',
    );
    expect(await engine.rows('SELECT * FROM ledger.log_times')).toEqual([]);
    expect(await checkpoints.all()).toMatchObject([
      { resume_position: null, failure: null, runner: 'other' },
    ]);
  });

  it('whose progress somebody else moved is lost too', async () => {
    const one = await claimed('one');
    await engine.rows('UPDATE ledger.checkpoints SET resume_position = 5');
    await expect(checkpoints.transact(one, to(1n), () => Promise.resolve())).rejects.toThrow(
      LeaseLostError,
    );
  });

  it('whose progress the server lost in a crash is not renewed', async () => {
    const one = await claimed('one');
    expect(await checkpoints.renew([one])).toEqual([]);
    await checkpoints.advance([{ lease: one, to: to(7n) }]);
    expect(await checkpoints.renew([one])).toEqual([]);
    await engine.rows('UPDATE ledger.checkpoints SET resume_position = 6');
    expect(await checkpoints.renew([one])).toEqual([one]);
    await engine.rows('UPDATE ledger.checkpoints SET resume_position = NULL');
    expect(await checkpoints.renew([one])).toEqual([one]);
  });

  it('is not taken from a transaction that holds it', async () => {
    const one = await claimed('one');
    await endLease();
    await checkpoints.transact(one, to(1n), async () => {
      expect(await checkpoints.claim([ID], 'other')).toEqual([]);
    });
  });

  it('does not outlive a restart of the server', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keyledger-lease-'));
    chmodSync(folder, 0o711);
    const claimOnce = async (runner: string) => {
      const server = await startEmbeddedPostgres({ folder });
      const pool = createRunnerPool({ connectionString: server.url });
      try {
        await migrate(server.url, projectionsMigrations);
        const there = new Checkpoints(pool);
        await there.ensure([ID]);
        const leases = await there.claim([ID], runner);
        expect(await there.claim([ID], 'standby')).toEqual([]);
        return leases.map(({ epoch }) => epoch);
      } finally {
        await pool.end();
        await server.stop();
      }
    };
    try {
      expect(await claimOnce('one')).toEqual([1n]);
      expect(await claimOnce('other')).toEqual([2n]);
    } finally {
      await discardEmbeddedPostgres(folder);
    }
  });

  it('of a consumer that failed is given to nobody until that is cleared', async () => {
    const one = await claimed('one');
    await checkpoints.markFailed(
      one,
      { type: 'X', id: to(1n).handled?.eventId ?? '', position: position(1n) },
      'x',
    );
    expect(await checkpoints.claim([ID], 'other')).toEqual([]);
    await checkpoints.clearFailed([ID]);
    await claimed('other');
  });
});

const runnerOf = async (): Promise<string | null | undefined> => {
  const [row] = await engine.rows<{ runner: string | null }>(
    "SELECT runner FROM ledger.checkpoints WHERE name = 'counts'",
  );
  return row?.runner;
};
/** As the superuser: the runtime role sees nothing of other sessions. */
async function copying(): Promise<number> {
  const admin = new pg.Client({ connectionString: engine.database.adminUrl });
  await admin.connect();
  try {
    const { rowCount } = await admin.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'active' AND query LIKE 'COPY %'`,
    );
    return rowCount ?? 0;
  } finally {
    await admin.end();
  }
}

/**
 * Stands still within a `COPY`, and holds the checkpoint, if it is given one. With the server's time-outs, and none of its
 * own: a stopped process has none.
 */
async function standsStill(
  consumer: string | undefined,
  application?: string,
): Promise<{
  readonly ended: Promise<unknown>;
  /** Moves again: its statement is over time, its session is there. Rejects when that was ended. */
  readonly goOn: () => Promise<void>;
  readonly leave: () => Promise<void>;
}> {
  const before = await copying();
  const [row] = await engine.rows<{ name: string }>(
    "SELECT current_setting('application_name') AS name",
  );
  const session = new pg.Client({
    connectionString: engine.database.url,
    application_name: application ?? row?.name,
    statement_timeout: RUNNER_STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: RUNNER_IDLE_IN_TRANSACTION_TIMEOUT_MS,
  });
  await session.connect();
  session.on('error', () => undefined);
  await session.query('BEGIN');
  if (consumer !== undefined)
    await session.query('SELECT FROM ledger.checkpoints WHERE name = $1 FOR UPDATE', [consumer]);
  const copy = session.query(copyFrom('COPY ledger.log_times FROM STDIN'));
  const ended = once(copy, 'error');
  copy.write('1\t2026-01-01\n');
  await eventually(copying, (sessions) => sessions === before + 1);
  return {
    ended,
    goOn: async () => {
      copy.end();
      await ended;
      await session.query('ROLLBACK');
    },
    leave: () => session.end(),
  };
}

describe('a runner session', () => {
  it('that waits for the rows of a COPY is left alone until the time of its statement is over', async () => {
    await claimed('one');
    await endLease();
    const { leave } = await standsStill(ID.name);
    try {
      expect(await checkpoints.endStalled([ID])).toBe(0);
      expect(await copying()).toBe(1);
    } finally {
      await leave();
    }
  });

  it(
    'is ended alone: not within its lease, nor of another application, nor without a checkpoint',
    async () => {
      const elsewhere = { ...ID, name: 'elsewhere' };
      const healthy = { ...ID, name: 'healthy' };
      const all = [ID, elsewhere, healthy];
      await checkpoints.ensure(all);
      await checkpoints.claim(all, 'one');
      await engine.rows(
        `UPDATE ledger.checkpoints SET lease_until = now() + CASE name WHEN 'healthy' THEN interval '1 hour' ELSE '-1 second' END`,
      );
      // The one to end comes last, so that those to spare stand still for longer.
      const spared = [
        await standsStill(elsewhere.name, 'another application'),
        await standsStill(healthy.name),
        await standsStill(undefined),
      ];
      const stalled = await standsStill(ID.name);
      try {
        let over = false;
        void stalled.ended.then(() => (over = true));
        await eventually(
          () => checkpoints.endStalled(all),
          () => over,
          TAKEOVER_MS_MAX,
        );
        for (const session of spared) await session.goOn();
      } finally {
        await Promise.all([...spared, stalled].map(({ leave }) => leave()));
      }
    },
    2 * TAKEOVER_MS_MAX,
  );

  it(
    'that waits for the rows of a COPY, which no time-out of the server ends, loses its lease to the standby',
    async () => {
      const first = engine.runner([counts()]);
      await eventually(runnerOf, (runner) => runner === first.runnerId);
      await first.stop();
      const { ended, leave } = await standsStill('counts');
      try {
        const standby = engine.runner([counts()]);
        await eventually(runnerOf, (runner) => runner === standby.runnerId, TAKEOVER_MS_MAX);
        await ended;
      } finally {
        await leave();
      }
      expect(await copying()).toBe(0);
    },
    2 * TAKEOVER_MS_MAX,
  );

  it('ends by itself when its process stands still', async () => {
    const [row] = await engine.rows<Record<string, string>>(
      `SELECT current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('statement_timeout') AS statement,
         current_setting('tcp_keepalives_idle') AS keepalive, current_user AS role`,
    );
    expect(row).toEqual({
      idle: '5s',
      statement: '10s',
      keepalive: '5',
      role: 'keyledger_runtime',
    });
  });
});
