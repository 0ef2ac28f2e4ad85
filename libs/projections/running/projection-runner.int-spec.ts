import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventStore, Position, SubscribeOptions, SubscriptionItem } from '#event-store';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import { notingPositions, openLedger, PositionsSeen } from '#event-store';
import {
  positionOf,
  PostgresReadModels,
  ProjectionBuilds,
  rowsAsOf,
  StaleReadError,
  SwitchRefusedError,
} from '#projections';
import {
  appendEvents,
  counted,
  counts,
  EngineFixture,
  eventually,
  SystemClock,
} from '../testing/engine-fixture.js';

class CountingStore extends MemoryEventStore {
  subscriptions = 0;
  subscriptionsMost = 0;
  override async *subscribeAll(options?: SubscribeOptions): AsyncGenerator<SubscriptionItem> {
    this.subscriptions += 1;
    this.subscriptionsMost = Math.max(this.subscriptionsMost, this.subscriptions);
    try {
      yield* super.subscribeAll(options);
    } finally {
      this.subscriptions -= 1;
    }
  }
}

let engine: EngineFixture;
beforeEach(async () => {
  engine = await EngineFixture.start();
});
afterEach(async () => {
  await engine.stop();
});

const totals = async (): Promise<Record<string, number>> => {
  const rows = await engine.rows<{ id: number; total: bigint }>(
    'SELECT id, total FROM read.counts ORDER BY id',
  );
  return Object.fromEntries(rows.map(({ id, total }) => [String(id), Number(total)]));
};
const read = async (projection: string, atLeast?: Awaited<ReturnType<EngineFixture['append']>>) =>
  engine.reads.read(
    { projections: [projection], ...(atLeast === undefined ? {} : { atLeast }) },
    () => totals(),
  );
const builds = (): ProjectionBuilds => {
  const { store, catalogue, clock, pool } = engine;
  return new ProjectionBuilds({ store, catalogue, clock, pool });
};
const never = (): AbortSignal => new AbortController().signal;

describe('a projection runner', () => {
  it('applies each event once, and a read waits for the position that it asks for', async () => {
    engine.runner([counts()]);
    await engine.append(counted(1), counted(2, 5), counted(1, 2));
    const at = await engine.append(counted(1, 10), { type: 'Elsewhere', data: {} });
    const { value, position } = await read('counts', at);
    expect(value).toEqual({ 1: 13, 2: 5 });
    expect(position).toBe(at);
  });

  it('goes on from the checkpoint after a restart, applying nothing twice', async () => {
    const first = engine.runner([counts()]);
    await read('counts', await engine.append(counted(1)));
    await first.stop();
    const at = await engine.append(counted(1), counted(3));
    engine.runner([counts()]);
    expect((await read('counts', at)).value).toEqual({ 1: 2, 3: 1 });
  });

  it('gives each projection only what it has not had, when some are farther than others', async () => {
    const ahead = counts(1, {
      name: 'ahead',
      tables: { ahead: { columns: { position: 'bigint' }, key: ['position'] } },
      apply: ({ position }) => [{ table: 'ahead', insert: { position } }],
    });
    const both = engine.runner([counts(), ahead]);
    await read('counts', await engine.append(counted(1)));
    await both.stop();
    const alone = engine.runner([ahead]);
    const at = await engine.append(counted(1), counted(1));
    await engine.reads.read({ projections: ['ahead'], atLeast: at }, () => Promise.resolve());
    await alone.stop();
    const again = engine.runner([counts(), ahead]);
    const last = await engine.append(counted(1));
    expect((await read('counts', last)).value).toEqual({ 1: 4 });
    await engine.reads.read({ projections: ['ahead'], atLeast: last }, () => Promise.resolve());
    expect(await engine.rows('SELECT count(*) AS n FROM read.ahead')).toEqual([{ n: 4n }]);
    expect(await again.problems()).toEqual([]);
  });

  it('writes large batches and odd texts as it writes small ones', async () => {
    const odd = 'tab\t newline\n back\\slash "quote" {brace} \u0000 \ud800 é 漢 \\N';
    const many = Array.from({ length: 9_000 }, (_, n) =>
      counted(n % 3_000, n % 7, n === 0 ? odd : 'x'),
    );
    await engine.append(...many);
    engine.runner([counts()]);
    const at = await engine.append(counted(0, 1, odd));
    await eventually(
      () => read('counts', at),
      () => true,
    );
    const [row] = await engine.rows<Record<string, unknown>>(
      'SELECT * FROM read.counts WHERE id = 0',
    );
    expect(row?.['notes']).toEqual(['x', odd.replace(/[\0\ud800]/g, '\ufffd')]);
    expect(row?.['first_event']).toEqual({
      type: 'Counted',
      'a\tb\\': [odd.replace(/[\0\ud800]/g, '\ufffd')],
    });
    const verification = await builds().verify(counts(), never());
    expect(verification).toMatchObject({ equal: true });
    expect(verification.tables).toEqual([
      { table: 'counts', rows: 3_000, different: 0 },
      { table: 'counts_history', rows: 9_001, different: 0 },
      { table: 'count_events', rows: 9_001, different: 0 },
    ]);
  });

  it('tells by a verification which rows are not as the log says', async () => {
    engine.runner([counts()]);
    await read('counts', await engine.append(counted(1), counted(2)));
    await engine.rows('UPDATE read.counts SET total = 7 WHERE id = 2');
    const verification = await builds().verify(counts(), never());
    expect(verification.equal).toBe(false);
    expect(verification.tables[0]).toEqual({ table: 'counts', rows: 2, different: 2 });
  });

  it('stops a projection at an event that fails, names it, and lets the others go on', async () => {
    const failing = counts(1, {
      name: 'failing',
      tables: { failing: { columns: { id: 'integer' }, key: ['id'] } },
      apply: (event) => {
        const { id } = event.data as { id: number };
        if (id === 13) throw new Error('unlucky');
        return [{ table: 'failing', key: { id }, change: () => ({ id }) }];
      },
    });
    const runner = engine.runner([counts(), failing]);
    const at = await engine.append(counted(1), counted(2), counted(13), counted(3));
    expect((await read('counts', at)).value).toMatchObject({ 3: 1 });
    const [problem] = await eventually(
      () => runner.problems(),
      (problems) => problems.length === 1,
    );
    expect(problem).toMatch(
      /^projection failing v1 failed: at event Counted [0-9a-f-]{36}, position \d+: unlucky$/,
    );
    const ids = await engine.rows('SELECT id FROM read.failing_v1 ORDER BY id');
    expect(ids).toEqual([{ id: 1 }, { id: 2 }]);
    const others = (await runner.status()).filter(({ name }) => name !== 'failing');
    expect(others.every(({ ready, state }) => ready && state === 'running')).toBe(true);
  });

  it('finds the one event among many whose row the database refuses', async () => {
    const refused = counts(1, {
      apply: (event) => [
        {
          table: 'count_events',
          insert: {
            position: (event.data as { id: number }).id === 700 ? 1n : event.position + 1_000n,
            event_id: event.id,
            note: null,
          },
        },
        ...((event.data as { id: number }).id === 3
          ? [{ table: 'count_events', insert: { position: 1n, event_id: event.id, note: null } }]
          : []),
      ],
    });
    const runner = engine.runner([refused]);
    // In an earlier batch, so that only the database can know of it.
    const first = await engine.append(counted(3));
    await engine.reads.read({ projections: ['counts'], atLeast: first }, () => Promise.resolve());
    const many = Array.from({ length: 1_000 }, (_, n) => counted(n === 3 ? 4 : n));
    const at = await engine.append(...many);
    const [, status] = await eventually(
      () => runner.status(),
      (all) => all.some((one) => one.state === 'failed'),
    );
    expect(status?.failure?.event).toMatchObject({ type: 'Counted', position: at - 299n });
    const [count] = await engine.rows<{ n: bigint }>(
      'SELECT count(*) AS n FROM read.count_events_v1',
    );
    // Two rows of the first event, and those of all before the 701st.
    expect(count?.n).toBe(702n);
  });

  it('tries a failed projection again when it is resumed, skipping nothing', async () => {
    let broken = true;
    const mended = counts(1, {
      apply: (event) => {
        if (broken && (event.data as { id: number }).id === 13) throw new Error('not yet');
        return counts().apply(event);
      },
    });
    const runner = engine.runner([mended]);
    const at = await engine.append(counted(13), counted(1));
    await eventually(
      () => runner.problems(),
      (problems) => problems.length === 1,
    );
    broken = false;
    await runner.resume('counts');
    expect(
      (
        await eventually(
          () => read('counts', at),
          () => true,
        )
      ).value,
    ).toEqual({ 1: 1, 13: 1 });
    expect(await runner.problems()).toEqual([]);
  });

  it('does not let a standby run into the event at which the projection stopped', async () => {
    let applied = 0;
    const failing = counts(1, {
      apply: () => {
        applied += 1;
        throw new Error('never');
      },
    });
    const runner = engine.runner([failing]);
    await engine.append(counted(1));
    await eventually(
      () => runner.problems(),
      (problems) => problems.length === 1,
    );
    const tries = applied;
    const standby = engine.runner([
      counts(1, { name: 'counts_of_another', tables: {}, apply: () => [] }),
    ]);
    await eventually(
      () => standby.status(),
      (all) => all.every(({ position }) => position !== undefined),
    );
    expect(applied).toBe(tries);
  });

  it('reads the log once for all of them, also after one had to catch up by itself', async () => {
    const counting = new CountingStore(new MemoryLog());
    await openLedger(counting, { clock: new SystemClock() });
    await appendEvents(counting, engine.catalogue, [counted(1)]);
    const one = engine.runner(
      [counts(), counts(1, { name: 'other', tables: {}, apply: () => [] })],
      counting,
    );
    await eventually(totals, (rows) => rows['1'] === 1);
    await one.stop();
    expect(counting.subscriptions).toBe(0);
    const late = counts(1, { name: 'late', tables: {}, apply: () => [] });
    const two = engine.runner([counts(), late], counting);
    await eventually(
      () => two.status(),
      (all) => all.every(({ state, lag }) => state === 'running' && lag.events === 0),
    );
    expect(counting.subscriptionsMost).toBe(2);
    await eventually(
      () => Promise.resolve(counting.subscriptions),
      (count) => count === 1,
    );
    const at = await appendEvents(counting, engine.catalogue, [counted(1)]);
    expect((await read('counts', at)).value).toEqual({ 1: 2 });
    await two.stop();
  });

  it('refuses a checkpoint of another log, and applies nothing', async () => {
    const first = engine.runner([counts()]);
    await read('counts', await engine.append(counted(1)));
    await first.stop();
    const other: EventStore = new MemoryEventStore(new MemoryLog());
    await openLedger(other, { clock: new SystemClock() });
    const runner = engine.runner([counts()], other);
    const [problem] = await eventually(
      () => runner.problems(),
      (problems) => problems.length === 2,
    );
    expect(problem).toMatch(/refused: this checkpoint was made from log .+, but .+ holds log/);
    expect(await totals()).toEqual({ 1: 1 });
  });

  it('applies again what a crash of the server took back, though nothing new comes', async () => {
    const all = counts(1, {
      name: 'all',
      tables: { all_events: { columns: { position: 'bigint' }, key: ['position'] } },
      apply: ({ position }) => [{ table: 'all_events', insert: { position } }],
    });
    engine.runner([all]);
    const there = async (at: Position) =>
      engine.reads.read({ projections: ['all'], atLeast: at }, async (sql) => {
        const rows = await sql.rows<{ n: bigint }>('SELECT count(*) AS n FROM read.all_events');
        return Number(rows[0]?.n);
      });
    const kept = await engine.append(counted(1));
    await there(kept);
    const [before] = await engine.rows<{ event: string; seen: bigint }>(
      "SELECT handled_event_id AS event, events_seen AS seen FROM ledger.checkpoints WHERE name = 'all'",
    );
    const at = await engine.append(counted(1), counted(1));
    expect((await there(at)).value).toBe(3);
    await engine.rows(
      `WITH gone AS (DELETE FROM read.all_events WHERE position > ${String(kept)})
       UPDATE ledger.checkpoints SET resume_position = ${String(kept)}, handled_position = ${String(kept)},
         handled_event_id = '${String(before?.event)}', events_seen = ${String(before?.seen)}
       WHERE name = 'all'`,
    );
    const again = await eventually(
      () => there(at),
      () => true,
    );
    expect(again.value).toBe(3);
  });

  it('waits for a database that is away, without counting that as a failing event', async () => {
    const runner = engine.runner([counts()]);
    await read('counts', await engine.append(counted(1)));
    expect(await engine.cutConnections()).toBeGreaterThan(1);
    const at = await engine.append(counted(1));
    expect(
      (
        await eventually(
          () => read('counts', at),
          () => true,
        )
      ).value,
    ).toEqual({ 1: 2 });
    expect(await runner.problems()).toEqual([]);
  });
});

describe('reads', () => {
  it('are refused as stale after a bounded wait when nobody runs the projection', async () => {
    const runner = engine.runner([counts()]);
    await read('counts', await engine.append(counted(1)));
    await runner.stop();
    const reached = (await read('counts')).position;
    const at = await engine.append(counted(1));
    const seen = new PositionsSeen();
    await engine.patience.inVain(() =>
      expect(notingPositions(seen, () => read('counts', at))).rejects.toThrow(StaleReadError),
    );
    expect(seen.own).toBe(reached);
    expect(reached).toBeLessThan(at);
  });

  it('note where their snapshot stood for what is thrown within them, and nothing when there is none', async () => {
    const unfilled = new PositionsSeen();
    const refusal = () => Promise.reject(new Error('not found'));
    const refused = (seen: PositionsSeen) =>
      notingPositions(seen, () => engine.reads.read({ projections: ['counts'] }, refusal));
    await expect(refused(unfilled)).rejects.toThrow(StaleReadError);
    expect(unfilled.own).toBeUndefined();
    const runner = engine.runner([counts()]);
    await read('counts', await engine.append(counted(1)));
    await runner.stop();
    const { position } = await read('counts');
    await engine.append(counted(2));
    const seen = new PositionsSeen();
    await expect(refused(seen)).rejects.toThrow('not found');
    expect(seen.own).toBe(position);
  });

  it('are refused as stale before the projection was ever filled', async () => {
    await expect(engine.reads.read({ projections: ['counts'] }, () => totals())).rejects.toThrow(
      StaleReadError,
    );
  });

  it('show rows as they were at a position, deleted and returned ones too', async () => {
    engine.runner([counts()]);
    const one = await engine.append(counted(1, 1), counted(2, 1));
    const two = await engine.append({ type: 'Removed', data: { id: 2 } }, counted(1, 1));
    const three = await engine.append(counted(2, 9), counted(3, 1));
    await read('counts', three);
    const table = { name: 'counts', table: counts().tables['counts'] ?? { columns: {}, key: [] } };
    const asOf = (at: bigint) =>
      engine.rows(`SELECT id, total FROM ${rowsAsOf(table, '$1')} c ORDER BY id`, [at]);
    expect(await asOf(one)).toEqual([
      { id: 1, total: 1n },
      { id: 2, total: 1n },
    ]);
    expect(await asOf(two)).toEqual([{ id: 1, total: 2n }]);
    expect(await asOf(three)).toEqual([
      { id: 1, total: 2n },
      { id: 2, total: 9n },
      { id: 3, total: 1n },
    ]);
    expect(
      await engine.rows(`SELECT id, total FROM ${rowsAsOf(table, undefined)} c ORDER BY id`),
    ).toEqual(await asOf(three));
  });
});

describe('a new version', () => {
  it('fills beside the one that serves, and is switched to when it is at or past it', async () => {
    const old = engine.runner([counts(1)]);
    await read('counts', await engine.append(counted(1), counted(2)));
    engine.runner([counts(2)]);
    await eventually(totals, (rows) => rows['1'] === 2);
    expect(await engine.rows('SELECT doubled FROM read.counts WHERE id = 1')).toEqual([
      { doubled: true },
    ]);
    const at = await engine.append(counted(1));
    expect((await read('counts', at)).value).toEqual({ 1: 4, 2: 2 });
    expect((await old.status()).every(({ ready }) => ready)).toBe(true);
  });

  it('is on disk with its indexes and its switch before its runner takes them for done', async () => {
    const commits: string[][] = [];
    const patched = new WeakSet<object>();
    engine.pool.on('acquire', (client) => {
      if (patched.has(client)) return;
      patched.add(client);
      const query = client.query.bind(client) as (...given: unknown[]) => unknown;
      let own: string[] = [];
      client.query = ((...given: unknown[]) => {
        const text = String(given[0]);
        if (text === 'BEGIN') own = [];
        own.push(text);
        if (text === 'COMMIT') commits.push(own);
        return query(...given);
      }) as typeof client.query;
    });
    engine.runner([counts()], engine.store, { pool: engine.pool });
    await read('counts', await engine.append(counted(1)));
    for (const lasting of [/SET indexed = true/, /INSERT INTO ledger\.projections/]) {
      const commit = commits.find((one) => one.some((text) => lasting.test(text)));
      expect(commit).toContain('SET LOCAL synchronous_commit = on');
    }
  });

  it('is rolled back by switching to the old one, which its runner kept up to date', async () => {
    engine.runner([counts(1)]);
    await read('counts', await engine.append(counted(1)));
    engine.runner([counts(2)]);
    await eventually(totals, (rows) => rows['1'] === 2);
    await eventually(
      () =>
        builds()
          .switchTo('counts', 'v1')
          .then(() => true),
      () => true,
    );
    expect(await totals()).toEqual({ 1: 1 });
    const at = await engine.append(counted(1));
    expect((await read('counts', at)).value).toEqual({ 1: 2 });
  });

  it('cannot be switched to while it is behind the one that serves', async () => {
    const both = [counts(1), counts(2)];
    const runner = engine.runner(both);
    await eventually(totals, () => true);
    await read('counts', await engine.append(counted(1)));
    await eventually(totals, (rows) => rows['1'] === 2);
    await runner.stop();
    engine.runner([counts(2)]);
    await read('counts', await engine.append(counted(1)));
    await expect(builds().switchTo('counts', 'v1')).rejects.toThrow(SwitchRefusedError);
    expect(await totals()).toEqual({ 1: 4 });
  });

  it('leaves the tables of the old one until they are dropped, and never drops those that serve', async () => {
    const runner = engine.runner([counts(1), counts(2)]);
    await read('counts', await engine.append(counted(1)));
    await eventually(totals, (rows) => rows['1'] === 2);
    await runner.stop();
    await expect(builds().drop('counts', 'v2')).rejects.toThrow(SwitchRefusedError);
    await builds().drop('counts', 'v1');
    expect(await engine.rows("SELECT to_regclass('read.counts_v1') AS t")).toEqual([{ t: null }]);
    expect(await totals()).toEqual({ 1: 2 });
  });
});

describe('a rebuild of the same version', () => {
  it('makes its tables from the start of the log each time, and never serves: no runner would keep it up to date', async () => {
    engine.runner([counts()]);
    await read('counts', await engine.append(counted(1), counted(2)));
    await engine.rows('UPDATE read.counts SET total = 7 WHERE id = 2');
    await builds().rebuild([counts()], 'mended', never());
    await builds().rebuild([counts()], 'mended', never());
    expect(await engine.rows('SELECT total FROM read.counts_v1_mended WHERE id = 2')).toEqual([
      { total: 1n },
    ]);
    await expect(builds().switchTo('counts', 'v1_mended')).rejects.toThrow(SwitchRefusedError);
    expect(await totals()).toEqual({ 1: 1, 2: 7 });
    const statuses = await builds().statuses();
    expect(statuses.filter(({ serving }) => serving).map(({ build }) => build)).toEqual(['v1']);
  });
});

describe('times', () => {
  const table = { name: 'counts', table: counts().tables['counts'] ?? { columns: {}, key: [] } };
  const readAsOf = async (time: string, reads = engine.reads) => {
    const { value } = await reads.read({ projections: ['counts'], asOf: { time } }, async (sql) =>
      sql.rows<{ total: bigint }>(`SELECT total FROM ${rowsAsOf(table, '$1')} c`, [
        await positionOf(sql, { time }),
      ]),
    );
    return value.map(({ total }) => Number(total));
  };
  /** A time with nothing recorded at it, nor will be. */
  const between = async (): Promise<string> => {
    const passed = async () => {
      const time = new Date().toISOString();
      await eventually(
        () => Promise.resolve(new Date().toISOString()),
        (now) => now > time,
      );
      return time;
    };
    await passed();
    return passed();
  };

  it('become positions through the running maximum of recordedAt', async () => {
    engine.runner([counts()]);
    const one = await engine.append(counted(1));
    const time = await between();
    const two = await engine.append(counted(1));
    const at = (time: string) =>
      engine.reads.read({ projections: ['log_times'], atLeast: two }, (sql) =>
        positionOf(sql, { time }),
      );
    expect((await at(time)).value).toBe(one);
    expect((await at(new Date().toISOString())).value).toBe(two);
    expect((await at('2000-01-01T00:00:00.000Z')).value).toBe(0n);
  });

  it('are answered only from what has all that the log held then', async () => {
    const first = engine.runner([counts()]);
    await read('counts', await engine.append(counted(1)));
    await first.stop();
    await engine.append(counted(1));
    const time = await between();
    await engine.patience.inVain(() => expect(readAsOf(time)).rejects.toThrow(StaleReadError));
    await engine.append(counted(1));
    engine.runner([counts()]);
    const answered = await eventually(
      () => readAsOf(time),
      () => true,
    );
    expect(answered).toEqual([2]);
  });

  it('wait for nothing that came later', async () => {
    const runner = engine.runner([counts()]);
    await engine.append(counted(1));
    const time = await between();
    await read('counts', await engine.append(counted(1)));
    await engine.reads.read(
      { projections: ['log_times'], atLeast: await engine.store.barrier() },
      () => Promise.resolve(),
    );
    await runner.stop();
    await engine.append(counted(1));
    const { pool, clock } = engine;
    const barrier = () => Promise.reject(new Error('the store is away'));
    const alone = new PostgresReadModels(pool, { store: { barrier }, clock });
    expect(await readAsOf(time, alone)).toEqual([1]);
  });
});
