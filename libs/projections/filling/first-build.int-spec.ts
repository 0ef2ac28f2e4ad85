import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Position, RecordedEvent } from '#event-store';
import type { Projection, ProjectionTable, Row } from '#projections';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import {
  ProjectionBuilds,
  ProjectionWatch,
  StaleReadError,
  UNATTENDED_RED_AFTER_MS,
} from '#projections';
import {
  BATCH_EVENTS_MAX,
  FILL_BATCH_BYTES,
  FILL_BATCH_EVENTS,
  FILL_PORTION_EVENTS,
  SWITCH_LOCK_TIMEOUT_MS,
} from '../limits.js';
import {
  appendEvents,
  counted,
  counts,
  EngineFixture,
  eventually,
  fixtureCatalogue,
} from '../testing/engine-fixture.js';

/** Whoever asks for its head finds that it has moved on meanwhile. */
class BusyStore extends MemoryEventStore {
  busy = false;
  override async head(): Promise<Position | undefined> {
    if (this.busy) await appendEvents(this, fixtureCatalogue(), [counted(1), counted(2)]);
    return await super.head();
  }
}

/** More than an entry of an index may have, however it is compressed. */
const LARGE = randomBytes(6_000).toString('base64');

const READERS = 3;
const READ_SECONDS = (SWITCH_LOCK_TIMEOUT_MS * 1.5) / 1_000;
const READ_STEP_SECONDS = 0.05;

let store: BusyStore;
let engine: EngineFixture;
beforeEach(async () => {
  store = new BusyStore(new MemoryLog());
  engine = await EngineFixture.start(store);
});
afterEach(async () => {
  store.busy = false;
  await engine.stop();
});

const other = (version = 1) =>
  counts(version, {
    name: 'other',
    tables: { other: { columns: { id: 'integer' }, key: ['id'] } },
    apply: (event) => [
      {
        table: 'other',
        key: { id: (event.data as { id: number }).id },
        change: () => ({}),
      },
    ],
  });

const otherRows = async (): Promise<number> => {
  const { value } = await engine.reads.read({ projections: ['other'] }, (sql) =>
    sql.rows('SELECT id FROM read.other'),
  );
  return value.length;
};

const servingBuild = async (): Promise<string | undefined> => {
  const [row] = await engine.rows<{ build: string }>(
    "SELECT build FROM ledger.projections WHERE name = 'other'",
  );
  return row?.build;
};

/** Somebody reads at every moment, each for longer than a switch waits, until `work` is done. */
async function whileOthersRead(work: () => Promise<void>): Promise<number> {
  let reading = true;
  let reads = 0;
  const reader = async (number: number): Promise<void> => {
    for (let turn = 0; reading; turn += 1) {
      const seconds = turn === 0 ? (READ_SECONDS * (number + 1)) / READERS : READ_SECONDS;
      await engine.reads.read({ projections: ['counts'] }, (sql) =>
        sql.rows('SELECT pg_sleep($1)', [seconds]),
      );
      reads += 1;
    }
  };
  const readers = Promise.all(Array.from({ length: READERS }, (_, number) => reader(number)));
  try {
    await work();
  } finally {
    reading = false;
    await readers;
  }
  return reads;
}

/** Somebody reads from before `work` until it is done, in one snapshot: whoever waits for readers waits for as long. */
async function whileSomebodyReads(work: () => Promise<void>): Promise<void> {
  const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
  let reading = true;
  const reader = engine.reads.read({ projections: ['counts'] }, async (sql) => {
    begin(undefined);
    while (reading) await sql.rows('SELECT pg_sleep($1)', [READ_STEP_SECONDS]);
  });
  try {
    await Promise.race([begun, reader]);
    await work();
  } finally {
    reading = false;
    await reader;
  }
}

/** Few enough that rows are forgotten while they are still needed. */
const ROWS_REMEMBERED = 2_000;

describe('a first build', () => {
  it('is shown without waiting for those who read', async () => {
    engine.runner([counts()]);
    const at = await engine.append(counted(1), counted(2));
    await engine.reads.read({ projections: ['counts'], atLeast: at }, () => Promise.resolve());
    await whileSomebodyReads(async () => {
      engine.runner([counts(), other()]);
      await expect(eventually(otherRows, (rows) => rows === 2)).resolves.toBe(2);
    });
  });

  it('is refused as stale until it is shown, whatever else is asked meanwhile', async () => {
    engine.runner([counts()]);
    await engine.append(counted(1));
    await eventually(
      () => engine.reads.read({ projections: ['counts'] }, () => Promise.resolve(true)),
      ({ value }) => value,
    );
    await expect(otherRows()).rejects.toThrow(StaleReadError);
  });

  it('is shown although the log grows faster than its end is asked for', async () => {
    await engine.append(counted(1), counted(2));
    store.busy = true;
    engine.runner([other()]);
    await expect(eventually(otherRows, (rows) => rows === 2)).resolves.toBe(2);
  });

  it('is shown with more projections at once than there are connections', async () => {
    await engine.append(counted(1), counted(2));
    const many = Array.from({ length: 24 }, (_, n) => {
      const name = `many_${String(n)}`;
      return counts(1, {
        name,
        tables: { [name]: { columns: { id: 'integer' }, key: ['id'] } },
        apply: ({ data }) => [
          { table: name, key: { id: (data as { id: number }).id }, change: () => ({}) },
        ],
      });
    });
    const runner = engine.runner(many);
    const shown = await eventually(
      () => runner.status(),
      (statuses) => statuses.filter(({ serving }) => serving).length === many.length,
    );
    expect(shown.flatMap(({ failure }) => (failure ? [failure.message] : []))).toEqual([]);
  });
});

describe('a fill', () => {
  it('comes to the same rows as events applied as they came, also of rows that it has to look up again', async () => {
    const { catalogue, clock, pool } = engine;
    const runner = engine.runner([counts()]);
    await engine.append(counted(1));
    const serves = (wanted: bigint) =>
      eventually(
        () => runner.status(),
        (all) => all.some((one) => one.name === 'counts' && one.serving && one.position === wanted),
      );
    const ids = Array.from({ length: 3 * ROWS_REMEMBERED }, (_, id) => id);
    const removed = (id: number) => ({ type: 'Removed' as const, data: { id } });
    const again = ids.filter((id) => id % 7 === 0);
    await serves(await engine.append(...ids.map((id) => counted(id))));
    await serves(
      await engine.append(
        ...again.map((id) => (id % 2 === 0 ? removed(id) : counted(id, 5, 'again'))),
        ...again.filter((id) => id % 3 === 0).map((id) => counted(id, 7)),
      ),
    );
    const builds = new ProjectionBuilds({
      ...{ store, catalogue, clock, pool },
      fillRowsRememberedMax: ROWS_REMEMBERED,
    });
    const verification = await builds.verify(counts(), new AbortController().signal);
    expect(verification.tables).toEqual([
      { table: 'counts', rows: expect.any(Number), different: 0 },
      { table: 'counts_history', rows: expect.any(Number), different: 0 },
      { table: 'count_events', rows: expect.any(Number), different: 0 },
    ]);
    expect(verification.tables[0]?.rows).toBeGreaterThan(ROWS_REMEMBERED);
  });
});

describe('a fill of rows that are said to be finished', () => {
  it('looks one up again when a later event is about it all the same', async () => {
    const removed = (id: number) => ({ type: 'Removed' as const, data: { id } });
    const finished = counts(1, {
      name: 'finished',
      tables: {
        finished: { columns: { id: 'integer', ends: 'integer' }, key: ['id'], history: true },
      },
      apply: (event) => {
        const key = { id: (event.data as { id: number }).id };
        if (event.type === 'Counted') return [{ table: 'finished', insert: { ...key, ends: 0 } }];
        const update = (before: Row) => ({ ends: Number(before['ends']) + 1 });
        return [{ table: 'finished', key, update, last: true }];
      },
    });
    await engine.append(counted(1), counted(2), removed(1));
    await engine.append(...Array.from({ length: BATCH_EVENTS_MAX }, (_, n) => counted(n + 10)));
    await engine.append(removed(1), removed(1), removed(2));
    engine.runner([finished]);
    const rows = await eventually(
      () =>
        engine.reads
          .read({ projections: ['finished'] }, (sql) =>
            sql.rows('SELECT id, ends FROM read.finished WHERE id < 10 ORDER BY id'),
          )
          .then(({ value }) => value),
      ({ length }) => length === 2,
    );
    expect(rows).toEqual([
      { id: 1, ends: 3 },
      { id: 2, ends: 1 },
    ]);
  });
});

describe('a fill that gathers', () => {
  const many = FILL_BATCH_EVENTS + 3 * FILL_PORTION_EVENTS;
  const progress = async (): Promise<{ position: bigint; failed: bigint | null; rows: bigint }> => {
    const [row] = await engine.rows<{ position: bigint; failed: bigint | null; rows: bigint }>(
      `SELECT resume_position AS position, failed_position AS failed, (SELECT count(*) FROM read.ids_v1) AS rows
       FROM ledger.checkpoints WHERE name = 'ids'`,
    );
    return row ?? { position: 0n, failed: null, rows: 0n };
  };
  const ids = (apply: Projection['apply'], handles: Projection['handles'] = '*') =>
    counts(1, {
      name: 'ids',
      handles,
      tables: { ids: { columns: { id: 'integer', text: 'text null' }, key: ['id'], grows: true } },
      apply,
    });
  const insert = (event: RecordedEvent, text: string | null = null) => [
    { table: 'ids', insert: { id: Number(event.position), text } },
  ];

  it('writes all before the event that it fails at, wherever in a batch that is, and stops there', async () => {
    await engine.append(...Array.from({ length: many }, (_, id) => counted(id)));
    const bad = await engine.append(counted(-1));
    await engine.append(...Array.from({ length: FILL_PORTION_EVENTS }, (_, id) => counted(id)));
    const runner = engine.runner([
      ids((event) => {
        if ((event.data as { id?: number }).id === -1) throw new Error('never');
        return insert(event);
      }),
    ]);
    await eventually(
      () => runner.status(),
      (all) => all.some(({ state }) => state === 'failed'),
    );
    const { position, failed, rows } = await progress();
    expect(failed).toBe(bad);
    expect(position).toBe(bad - 1n);
    // And the log's opening.
    expect(rows).toBe(BigInt(many) + 1n);
  });

  it('stops at the event whose row the database refuses, with all before it written', async () => {
    await engine.append(...Array.from({ length: many }, (_, id) => counted(id)));
    const bad = await engine.append(counted(-1));
    const runner = engine.runner([
      counts(1, {
        name: 'ids',
        tables: {
          ids: { columns: { id: 'integer', at: 'timestamptz' }, key: ['id'], grows: true },
        },
        apply: (event) => [
          {
            table: 'ids',
            insert: {
              id: Number(event.position),
              // Beyond what the database holds, and not beyond what a Date does.
              at:
                (event.data as { id?: number }).id === -1
                  ? '-010000-01-01T00:00:00.000Z'
                  : '2026-11-22T00:00:00.000Z',
            },
          },
        ],
      }),
    ]);
    await eventually(
      () => runner.status(),
      (all) => all.some(({ state }) => state === 'failed'),
    );
    const { position, failed, rows } = await progress();
    expect([failed, position, rows]).toEqual([bad, bad - 1n, BigInt(many)]);
  });

  it('comes to the end of a log whose last events are none of its own', async () => {
    await engine.append(counted(1), counted(2));
    const end = await engine.append(
      ...Array.from({ length: 2 * FILL_PORTION_EVENTS }, (_, id) => ({
        type: 'Removed' as const,
        data: { id },
      })),
    );
    engine.runner([ids((event) => insert(event), ['Counted'])]);
    const { rows } = await eventually(progress, ({ position }) => position === end);
    expect(rows).toBe(2n);
  });

  it('goes on from what was written when its runner stops, and loses nothing', async () => {
    await engine.append(...Array.from({ length: 2 * many }, (_, id) => counted(id)));
    let seen = 0;
    const { promise: halfway, resolve } = Promise.withResolvers<undefined>();
    const runner = engine.runner([
      ids(
        (event) => {
          seen += 1;
          if (seen === FILL_BATCH_EVENTS + FILL_PORTION_EVENTS) resolve(undefined);
          return insert(event);
        },
        ['Counted'],
      ),
    ]);
    await halfway;
    await runner.stop();
    const stopped = await progress();
    expect(stopped.rows).toBeLessThan(BigInt(2 * many));
    engine.runner([ids((event) => insert(event), ['Counted'])]);
    const { rows } = await eventually(progress, ({ rows: there }) => there === BigInt(2 * many));
    expect(rows).toBe(BigInt(2 * many));
  });
});

describe('a fill that makes rows which may not be', () => {
  const ids = (table: ProjectionTable, apply: Projection['apply']) =>
    counts(1, { name: 'ids', tables: { ids: table }, apply });
  const idOf = (event: RecordedEvent) => (event.data as { id: number }).id;
  const failureOf = async (projection: Projection, from: Position) => {
    const runner = engine.runner([projection], store, { fillRowsRememberedMax: 1 });
    const [failed] = await eventually(
      async () => (await runner.status()).filter(({ state }) => state === 'failed'),
      ({ length }) => length === 1,
    );
    const { event, message } = failed?.failure ?? {};
    return { at: Number((event?.position ?? 0n) - from), message };
  };
  const failedAt = async (projection: Projection, from: Position) =>
    (await failureOf(projection, from)).at;

  it.each([false, true])(
    'stops at the event that made a row of a growing table again, its key kept in order: %s',
    async (keyInOrder) => {
      const from = await engine.append(counted(1), counted(2));
      await engine.append(counted(3), counted(2), counted(1));
      const growing = ids(
        { columns: { id: 'integer' }, key: ['id'], grows: true, keyInOrder },
        (event) => [{ table: 'ids', insert: { id: idOf(event) } }],
      );
      await expect(failedAt(growing, from)).resolves.toBe(2);
    },
  );

  it.each<Partial<ProjectionTable>>([{ grows: true }, { history: true }, {}])(
    'stops at the event that took what must be unique: %j',
    async (kind) => {
      const from = await engine.append(counted(1), counted(2));
      await engine.append(counted(30), counted(13), counted(14));
      const table: ProjectionTable = {
        columns: { id: 'integer', digit: 'integer null' },
        key: ['id'],
        indexes: [{ columns: ['digit'], unique: true, where: 'digit > 0' }],
        ...kind,
      };
      const digits = ids(table, (event) => [
        { table: 'ids', insert: { id: idOf(event), digit: idOf(event) % 11 } },
      ]);
      await expect(failedAt(digits, from)).resolves.toBe(2);
    },
  );

  it.each<[string, Partial<ProjectionTable>]>([
    ['ids_v1_i0 of table ids_v1', { grows: true, indexes: [{ columns: ['text'] }] }],
    ['ids_v1_i0 of table ids_v1', { history: true, indexes: [{ columns: ['id', 'text'] }] }],
    ['ids_v1_i0 of table ids_v1', { indexes: [{ columns: ['text'], where: 'id > 0' }] }],
    ['ids_v1_key of table ids_v1', { key: ['text'] }],
    ['ids_v1_key of table ids_v1', { key: ['text'], history: true }],
  ])(
    'stops at the event whose row is too large for the index %s, and names both',
    async (named, kind) => {
      const from = await engine.append(counted(1, 1, 'one'));
      await engine.append(counted(2, 1, 'two'), counted(3, 1, 'three'), counted(4, 1, LARGE));
      await engine.append(
        ...Array.from({ length: 9 }, (_, n) => counted(n + 5, 1, `n${String(n)}`)),
      );
      await engine.append(counted(20, 1, `again ${LARGE}`));
      const table: ProjectionTable = {
        columns: { id: 'integer', text: 'text' },
        key: ['id'],
        ...kind,
      };
      const texts = ids(table, (event) => {
        const { id, note = '' } = event.data as { id: number; note?: string };
        return [{ table: 'ids', insert: { id, text: note } }];
      });
      await expect(failureOf(texts, from)).resolves.toEqual({
        at: 3,
        message: expect.stringContaining(`index ${named} cannot hold`),
      });
    },
  );

  it('stops at the event whose key is too large to be looked up by', async () => {
    const from = await engine.append(counted(1, 1, 'one'), counted(2, 1, LARGE));
    // Far enough apart that the first one is forgotten. An index compresses these well.
    const bulk = 'x'.repeat(FILL_BATCH_BYTES / 64);
    for (let n = 0; n < 3 * 64; n += 1) await engine.append(counted(n, 1, `${bulk}${String(n)}`));
    await engine.append({ type: 'Removed', data: { id: 1 } });
    const table: ProjectionTable = {
      columns: { text: 'text' },
      key: ['text'],
      history: true,
    };
    const removed = ids(table, (event) =>
      event.type === 'Removed'
        ? [{ table: 'ids', key: { text: 'one' }, change: () => null }]
        : [{ table: 'ids', insert: { text: (event.data as { note: string }).note } }],
    );
    await expect(failureOf(removed, from)).resolves.toEqual({
      at: 0,
      message: expect.stringContaining('index ids_history_v1_versions of table ids_history_v1'),
    });
  });

  it.each([
    ['changes nothing', { change: () => undefined }],
    ['changes a column', { update: () => ({ ends: 1 }) }],
  ] as const)(
    'stops at the event that names a row by what is no key of it, also when it %s',
    async (_, change) => {
      const from = await engine.append(counted(1), counted(2));
      await engine.append({ type: 'Removed', data: { id: 1 } });
      const table: ProjectionTable = {
        columns: { id: 'integer', ends: 'integer null' },
        key: ['id'],
        history: true,
      };
      const misnamed = ids(table, (event) => [
        event.type === 'Removed'
          ? { table: 'ids', key: { id: String(idOf(event)) }, ...change }
          : { table: 'ids', insert: { id: idOf(event) } },
      ]);
      await expect(failedAt(misnamed, from)).resolves.toBe(1);
    },
  );

  it('stops at the event that made a row with history again, and lets deleted ones return', async () => {
    const removed = (id: number) => ({ type: 'Removed' as const, data: { id } });
    const from = await engine.append(counted(1), removed(1), counted(1), counted(2));
    // Far enough apart that the first one is forgotten.
    await engine.append(...Array.from({ length: 2 * BATCH_EVENTS_MAX }, (_, n) => counted(n + 10)));
    const at = await engine.append(counted(2));
    const table: ProjectionTable = { columns: { id: 'integer' }, key: ['id'], history: true };
    const again = ids(table, (event) => [
      event.type === 'Removed'
        ? { table: 'ids', key: { id: idOf(event) }, change: () => null }
        : { table: 'ids', insert: { id: idOf(event) } },
    ]);
    await expect(failedAt(again, from)).resolves.toBe(Number(at - from));
  });
});

describe('a row that one event deletes and makes again', () => {
  it('is there at every moment, filled or applied as events came', async () => {
    const replaced = counts(1, {
      name: 'replaced',
      handles: ['Counted'],
      tables: {
        replaced: { columns: { id: 'integer', by: 'integer' }, key: ['id'], history: true },
      },
      apply: (event) => {
        const { id, by } = event.data as { id: number; by: number };
        return [
          { table: 'replaced', key: { id }, change: () => null },
          { table: 'replaced', insert: { id, by } },
        ];
      },
    });
    const runner = engine.runner([replaced]);
    const first = await engine.append(counted(1));
    const serves = (wanted: Position) =>
      eventually(
        () => runner.status(),
        (all) => all.some((one) => one.name === 'replaced' && one.position === wanted),
      );
    await serves(first);
    await serves(await engine.append(counted(1, 2)));
    await serves(await engine.append(counted(1, 3), counted(2)));
    const { catalogue, clock, pool } = engine;
    const builds = new ProjectionBuilds({ store, catalogue, clock, pool });
    const { tables } = await builds.verify(replaced, new AbortController().signal);
    expect(tables).toEqual([
      { table: 'replaced', rows: 2, different: 0 },
      { table: 'replaced_history', rows: 4, different: 0 },
    ]);
    expect(await engine.rows('SELECT by, born_position FROM read.replaced WHERE id = 1')).toEqual([
      { by: 3, born_position: first },
    ]);
  });
});

describe('a new version', () => {
  it('is shown once readers of the old one leave it room, and holds none of them up for good', async () => {
    const first = engine.runner([counts(), other()]);
    await engine.append(counted(1), counted(2));
    await eventually(otherRows, (rows) => rows === 2);
    await first.stop();
    const reads = await whileOthersRead(async () => {
      engine.runner([counts(), other(2)]);
      await eventually(servingBuild, (build) => build === 'v2');
    });
    expect(reads).toBeGreaterThan(READERS);
  });
});

describe('a projection that nobody runs', () => {
  const watch = (version = 1): ProjectionWatch =>
    new ProjectionWatch({
      pool: engine.pool,
      store,
      clock: engine.clock,
      projections: [other(version)],
    });
  /** As if its last runner had gone so long ago. */
  const goneSince = (ms: number): Promise<unknown> =>
    engine.rows(
      `UPDATE ledger.checkpoints SET lease_until = clock_timestamp() - ${String(ms)} * interval '1 millisecond' WHERE name = 'other'`,
    );

  it('turns a process red that needs it, after a bound and not before', async () => {
    const runner = engine.runner([other()]);
    await engine.append(counted(1));
    await eventually(otherRows, (rows) => rows === 1);
    expect(await watch().problems()).toEqual([]);
    await runner.stop();
    await goneSince(UNATTENDED_RED_AFTER_MS - 10_000);
    expect(await watch().problems()).toEqual([]);
    await goneSince(UNATTENDED_RED_AFTER_MS + 1_000);
    expect(await watch().problems()).toEqual([
      expect.stringMatching(/^projection other v1 unattended: nobody has run it for 3\d s$/),
    ]);
  });

  it('is red in its own runner too, when that does not get to it', async () => {
    const runner = engine.runner([other()]);
    await engine.append(counted(1));
    await eventually(otherRows, (rows) => rows === 1);
    await runner.stop();
    await goneSince(UNATTENDED_RED_AFTER_MS + 1_000);
    const red = (await runner.status()).filter(({ name, ready }) => name === 'other' && !ready);
    expect(red).toHaveLength(1);
  });

  it('turns a process of a newer release red until what that reads serves', async () => {
    engine.runner([other(1)]);
    await engine.append(counted(1));
    await eventually(otherRows, (rows) => rows === 1);
    expect(await watch(2).problems()).toEqual([
      'projection other v2 unattended: this release reads it, and v1 serves until it is filled',
    ]);
    engine.runner([other(2)]);
    await eventually(servingBuild, (build) => build === 'v2');
    expect(await watch(2).problems()).toEqual([]);
    expect(await watch(1).problems()).toEqual([]);
  });

  it('is red where an older release runs, that does not keep up what serves', async () => {
    const newer = engine.runner([other(2)]);
    await engine.append(counted(1));
    await eventually(otherRows, (rows) => rows === 1);
    const older = engine.runner([other(1)]);
    const red = async (): Promise<string[]> =>
      (await older.status()).flatMap(({ name, build, ready }) => (ready ? [] : [name, build]));
    const filled = (): Promise<{ indexed: boolean }[]> =>
      engine.rows("SELECT indexed FROM ledger.checkpoints WHERE name = 'other' AND build = 'v1'");
    await eventually(filled, ([row]) => row?.indexed === true);
    expect(await red()).toEqual([]);
    await newer.stop();
    await engine.rows(
      `UPDATE ledger.checkpoints SET lease_until = clock_timestamp() - ${String(UNATTENDED_RED_AFTER_MS + 1_000)} * interval '1 millisecond'
       WHERE name = 'other' AND build = 'v2'`,
    );
    expect(await red()).toEqual(['other', 'v2']);
  });
});
