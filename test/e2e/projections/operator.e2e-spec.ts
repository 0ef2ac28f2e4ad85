import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { EventStoreDbDouble } from '#event-store/testing/double';
import { networkDirectory } from '#networks';
import { createRunnerPool, ProjectionRunner } from '#projections';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import type { TestDatabase } from '#test/postgres';
import { TEST_CONNECT_TIMEOUT_MS, testDatabase } from '#test/postgres';
import { eventCatalogue, projections } from '../../../apps/composition/catalogue.js';
import { SystemClock } from '../../../apps/composition/system-clock.js';
import { endAll, ProductProcess } from '../serve/product.js';

const WAIT_MS_MAX = 60_000;
const NAME = networkDirectory.name;
const V = networkDirectory.version;
const CURRENT = `v${String(V)}`;
const NEXT = `v${String(V + 1)}`;

interface Listed {
  readonly name: string;
  readonly build: string;
  readonly serving: boolean;
  readonly state: string;
  readonly position: string | null;
  readonly lag: { readonly events: number };
  readonly failure: string | null;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS_MAX;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await delay(50);
  }
}

/** In one session, as the server's superuser. */
async function asAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TEST_CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('keyledger projections', () => {
  let product: TestApplication;

  beforeAll(async () => {
    product = await testApplication();
    await product.network(1);
    await product.network(2);
  });
  afterEach(endAll);
  afterAll(() => product.close());

  const start = (args: readonly string[], databaseUrl = product.database.url) =>
    ProductProcess.run(['projections', ...args], {
      DATABASE_URL: databaseUrl,
      KEYLEDGER_DATA_DIR: product.foundations.config.dataDir,
    });
  const run = async (...args: readonly string[]) => {
    const command = start(args);
    const code = await command.ended();
    const { out, err } = command;
    const password = new URL(product.database.url).password;
    if (password !== '') expect(`${out}${err}`).not.toContain(password);
    return { code, out, err };
  };
  const listed = async (): Promise<readonly Listed[]> => {
    const { code, out, err } = await run('--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out) as readonly Listed[];
  };
  const rows = <R extends pg.QueryResultRow>(sql: string) =>
    asAdmin(product.database.adminUrl, async (client) => (await client.query<R>(sql)).rows);
  const serving = async () =>
    (
      await rows<{ build: string }>(`SELECT build FROM ledger.projections WHERE name = '${NAME}'`)
    )[0]?.build;
  const secondSets = () =>
    rows("SELECT name, build FROM ledger.checkpoints WHERE build LIKE '%verify'");

  it('lists every build with what serves, who runs it, how far it is, and what failed', async () => {
    const list = await listed();
    for (const { name, version } of projections)
      expect(list).toContainEqual(
        expect.objectContaining({
          name,
          build: `v${String(version)}`,
          serving: true,
          state: 'running',
          position: expect.stringMatching(/^\d+$/),
          failure: null,
        }),
      );
    const { code, out } = await run();
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(list.length + 1);
    const column = lines[0]?.indexOf('BUILD') ?? -1;
    expect(lines[0]).toMatch(/^NAME +BUILD +SERVING +STATE +POSITION +LAG +FAILURE$/);
    for (const [index, line] of lines.slice(1).entries())
      expect(line.slice(column)).toMatch(new RegExp(`^${list[index]?.build ?? ''} `));
  });

  it('verifies all of them, and tells which tables are not as the log says', async () => {
    const equal = await run('verify');
    expect(equal.code).toBe(0);
    expect(equal.out.trimEnd().split('\n')).toHaveLength(projections.length);
    expect(equal.out).toContain(`${NAME} ${CURRENT} at `);
    expect(equal.out).not.toContain('NOT EQUAL');
    expect(equal.err).toContain(`${NAME}: a second set of tables, `);

    await rows("UPDATE read.networks SET name = 'Changed by hand' WHERE network_id = 2");
    const different = await run('verify', NAME);
    expect(different).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        new RegExp(
          `^${NAME} ${CURRENT} at \\d+: NOT EQUAL \\(networks DIFFERS: 2 rows are in one set only, 2 serve, networks_history 2 rows\\)\\n$`,
        ),
      ),
    });
    expect(await secondSets()).toEqual([]);
    await rows("UPDATE read.networks SET name = 'Network 2' WHERE network_id = 2");
    expect((await run('verify', NAME)).code).toBe(0);
  });

  it('is ended by Ctrl-C, drops its second set, and says so with its exit code', async () => {
    await asAdmin(product.database.adminUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(`LOCK TABLE read.networks_${CURRENT} IN ACCESS EXCLUSIVE MODE`);
      const verifying = start(['verify', NAME]);
      await until('it compares', async () => {
        const waiting = await client.query(
          `SELECT FROM pg_locks WHERE NOT granted AND relation = 'read.networks_${CURRENT}'::regclass`,
        );
        return waiting.rowCount === 1;
      });
      verifying.signalGroup('SIGINT');
      expect(await verifying.ended()).toBe(130);
      expect(verifying.err).toMatch(/keyledger: interrupted \(SIGINT\)\n$/);
      expect(verifying.out).toBe('');
    });
    expect(await secondSets()).toEqual([]);
    expect(await rows("SELECT FROM pg_tables WHERE tablename LIKE '%verify'")).toEqual([]);
  });

  it('says in one line what it was given wrongly', async () => {
    const names = projections.map(({ name }) => name).join(', ');
    const wrong = new Map<readonly string[], string>([
      [['verify', 'nothing'], `no projection nothing to verify; there are ${names}`],
      [['switch', NAME, 'v99'], `${NAME} has no build v99; there are ${CURRENT}`],
      [['drop', NAME, CURRENT], `${NAME} ${CURRENT} serves: switch to another build first`],
    ]);
    for (const [args, words] of wrong)
      expect(await run(...args)).toEqual({ code: 1, out: '', err: `keyledger: ${words}\n` });
    const unknown = await run('switch', 'nothing', 'v1');
    expect(unknown).toMatchObject({ code: 1, out: '' });
    expect(unknown.err).toMatch(
      /^keyledger: no projection nothing with builds; there are [a-z_, ]+\n$/,
    );
    expect(await run('switch', NAME)).toEqual({
      code: 1,
      out: '',
      err: "error: missing required argument 'build'\n(--help shows what it takes)\n",
    });
    expect(await serving()).toBe(CURRENT);
  });

  describe('after a new version was filled and is shown', () => {
    let pool: pg.Pool;
    let newer: ProjectionRunner;

    beforeAll(async () => {
      pool = createRunnerPool({ connectionString: product.database.url });
      newer = new ProjectionRunner(
        {
          store: product.foundations.eventStore,
          catalogue: eventCatalogue,
          clock: new SystemClock(),
          pool,
        },
        [{ ...networkDirectory, version: V + 1 }],
      );
      newer.start();
      await until('the new version serves', async () => (await serving()) === NEXT);
    });
    afterAll(async () => {
      await newer.stop();
      await pool.end();
    });

    it('verifies no tables of another version than its own', async () => {
      expect(await run('verify', NAME)).toMatchObject({
        code: 1,
        err: `keyledger: ${NAME} serves ${NEXT}, and this release makes ${CURRENT}: verify it with the release that made ${NEXT}\n`,
      });
    });

    it('rolls back and forward with the rights of the runtime alone', async () => {
      const user = `operator_${randomBytes(6).toString('hex')}`;
      const password = randomBytes(12).toString('hex');
      await rows(`CREATE ROLE ${user} LOGIN NOINHERIT PASSWORD '${password}'`);
      await rows(`GRANT keyledger_runtime TO ${user}`);
      try {
        const url = new URL(product.database.url);
        url.username = user;
        url.password = password;
        const runAs = async (...args: readonly string[]) => {
          const command = start(args, url.href);
          const code = await command.ended();
          expect(`${command.out}${command.err}`).not.toContain(password);
          return { code, out: command.out, err: command.err };
        };
        expect(await runAs('switch', NAME, CURRENT)).toEqual({
          code: 0,
          out: `${NAME} ${CURRENT} serves now, and ${NEXT} did before\n${NEXT} is held back until you switch to it again, or a newer version is filled\n`,
          err: '',
        });
        expect(await runAs('switch', NAME, CURRENT)).toMatchObject({
          code: 0,
          out: `${NAME} ${CURRENT} serves already\n`,
        });
        // What is written goes on being read, and the runner of the newer one does not switch back.
        await product.network(3);
        const as = await product.operator();
        await until(
          'it is read',
          async () => (await product.call('/v1/networks/3', { as })).status === 200,
        );
        expect(await serving()).toBe(CURRENT);
        expect(await runAs('switch', NAME, NEXT)).toMatchObject({
          code: 0,
          out: `${NAME} ${NEXT} serves now, and ${CURRENT} did before\n`,
        });
        expect((await runAs('switch', NAME, CURRENT)).code).toBe(0);
        expect((await runAs('verify', NAME)).code).toBe(0);
      } finally {
        await rows(`DROP ROLE ${user}`);
      }
    });

    it('drops a build that nobody runs any more, and refuses one that somebody runs', async () => {
      const refused = await run('drop', NAME, NEXT);
      expect(refused).toMatchObject({
        code: 1,
        err: expect.stringMatching(
          new RegExp(`^keyledger: ${NAME} ${NEXT} is filled or kept up to date by somebody: stop`),
        ),
      });
      await newer.stop();
      expect(await run('drop', NAME, NEXT)).toEqual({
        code: 0,
        out: `${NAME} ${NEXT} is dropped\n`,
        err: '',
      });
      expect(await rows(`SELECT to_regclass('read.networks_${NEXT}') AS t`)).toEqual([{ t: null }]);
      expect((await listed()).filter(({ name }) => name === NAME)).toMatchObject([
        { build: CURRENT, serving: true, state: 'running' },
      ]);
    });
  });
});

describe('keyledger projections, of a database that nothing runs on', () => {
  let fresh: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keyledger-projections-'));
    fresh = await testDatabase();
  });
  afterEach(endAll);
  afterAll(async () => {
    await fresh.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const run = async (args: readonly string[], environment: Readonly<Record<string, string>>) => {
    const command = ProductProcess.run(args, { KEYLEDGER_DATA_DIR: folder, ...environment });
    const code = await command.ended();
    return { code, out: command.out, err: command.err };
  };

  it('says what to do without DATABASE_URL, without migrations, and without a projector; it writes nothing', async () => {
    for (const args of [[], ['verify'], ['switch', NAME, CURRENT], ['drop', NAME, CURRENT]])
      expect(await run(['projections', ...args], {})).toEqual({
        code: 1,
        out: '',
        err: 'keyledger: DATABASE_URL: is not set; the embedded server is a part of `keyledger serve` only, and its projections run there\n',
      });
    const environment = { DATABASE_URL: fresh.url };
    const early = await run(['projections'], environment);
    expect(early).toMatchObject({ code: 1, out: '' });
    expect(early.err).toMatch(/^keyledger: [^\n]*run the migrations first\n$/);
    expect((await run(['migrate'], environment)).code).toBe(0);
    expect(await run(['projections'], environment)).toEqual({
      code: 0,
      out: 'no builds yet: start a projector, which fills them\n',
      err: '',
    });
    expect(await run(['projections', 'verify', NAME], environment)).toEqual({
      code: 1,
      out: '',
      err: `keyledger: ${NAME} serves nothing to compare with: start a projector, which fills it\n`,
    });
    const events = await asAdmin(fresh.adminUrl, (client) =>
      client.query('SELECT FROM log.events'),
    );
    expect(events.rowCount).toBe(0);
  });
});

describe('keyledger projections, with the log in an EventStoreDB', () => {
  let log: EventStoreDbDouble;
  let another: EventStoreDbDouble;
  let product: TestApplication;
  beforeAll(async () => {
    log = await EventStoreDbDouble.start({ port: 0 });
    another = await EventStoreDbDouble.start({ port: 0 });
    product = await testApplication({
      environment: { KEYLEDGER_EVENTSTORE: log.connectionString },
    });
    await product.network(1);
  });
  afterEach(endAll);
  afterAll(async () => {
    await product.close();
    await log.stop();
    await another.stop();
  });

  const run = async (eventStore: EventStoreDbDouble, ...args: readonly string[]) => {
    const command = ProductProcess.run(['projections', ...args], {
      DATABASE_URL: product.database.url,
      KEYLEDGER_DATA_DIR: product.foundations.config.dataDir,
      KEYLEDGER_EVENTSTORE: eventStore.connectionString,
    });
    return { code: await command.ended(), out: command.out, err: command.err };
  };

  it('lists and verifies by that log, and touches no database that another log belongs to', async () => {
    const listed = await run(log, '--json');
    expect(listed).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(listed.out)).toContainEqual(
      expect.objectContaining({ name: NAME, build: CURRENT, serving: true, state: 'running' }),
    );
    expect(await run(log, 'verify', NAME)).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^${NAME} ${CURRENT} at \\d+: equal`)),
    });
    expect(await run(another, 'switch', NAME, CURRENT)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^keyledger: the database was filled from log [^\n]+\n$/),
    });
  });
});
