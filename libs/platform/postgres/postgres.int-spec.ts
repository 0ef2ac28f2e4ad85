import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { createPool, migrate, MigrationError, RUNTIME_ROLE } from './index.js';

const GIVEN_UP_TIMEOUT_MS = 30_000;

class Colours1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE ledger.colours (name text PRIMARY KEY)');
    await runner.query(`GRANT SELECT ON ledger.colours TO ${RUNTIME_ROLE}`);
  }
  async down(): Promise<void> {
    // Forward only.
  }
}

class Broken1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query("INSERT INTO ledger.colours VALUES ('red')");
    await runner.query('SELECT 1 / 0');
  }
  async down(): Promise<void> {
    // Forward only.
  }
}

class Endless1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('SELECT pg_sleep(300)');
  }
  async down(): Promise<void> {
    // Forward only.
  }
}

describe('migrate', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  it('runs each migration once, though two processes start at the same time', async () => {
    const runs = await Promise.all([
      migrate(database.url, [Colours1700000000001]),
      migrate(database.url, [Colours1700000000001]),
    ]);
    expect(runs.flat()).toEqual(['Colours1700000000001']);
  });

  it('leaves nothing of a migration that fails', async () => {
    await migrate(database.url, [Colours1700000000001]);
    await expect(migrate(database.url, [Broken1700000000002])).rejects.toThrow('division by zero');
    const pool = createPool({ url: database.url, applicationName: 'test' });
    try {
      const { rows } = await pool.query('SELECT name FROM ledger.colours');
      expect(rows).toEqual([]);
    } finally {
      await pool.end();
    }
  });

  it('ends with one line when the database gives no answer', async () => {
    await expect(migrate(database.url, [Endless1700000000003], 300)).rejects.toMatchObject({
      name: MigrationError.name,
      message: expect.stringContaining('no answer to a migration within 0.3 s') as unknown,
    });
    expect(await migrate(database.url, [Colours1700000000001])).toBeDefined();
    await noneGoesOn();
  });

  /** Of what was given up, at the server. */
  const noneGoesOn = async () => {
    const pool = createPool({ url: database.adminUrl, applicationName: 'test' });
    try {
      const deadline = Date.now() + GIVEN_UP_TIMEOUT_MS;
      for (;;) {
        const { rows } = await pool.query(
          "SELECT query FROM pg_stat_activity WHERE datname = $1 AND application_name = 'keyledger-migrate'",
          [new URL(database.url).pathname.slice(1)],
        );
        if (rows.length === 0) return;
        if (Date.now() > deadline) throw new Error(`still there: ${JSON.stringify(rows)}`);
        await delay(20);
      }
    } finally {
      await pool.end();
    }
  };

  it('gives the runtime role what the migration granted, and nothing more', async () => {
    await migrate(database.url, [Colours1700000000001]);
    const pool = createPool({ url: database.url, role: RUNTIME_ROLE, applicationName: 'test' });
    try {
      const { rows } = await pool.query<{ who: string }>('SELECT current_user::text AS who');
      expect(rows).toEqual([{ who: RUNTIME_ROLE }]);
      await pool.query('SELECT * FROM ledger.colours');
      await expect(pool.query("INSERT INTO ledger.colours VALUES ('red')")).rejects.toThrow(
        'permission denied',
      );
    } finally {
      await pool.end();
    }
  });
});

describe('migrate says in one line', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  const asAdmin = async (...statements: readonly string[]) => {
    const pool = createPool({ url: database.adminUrl, applicationName: 'test' });
    try {
      for (const statement of statements) await pool.query(statement);
    } finally {
      await pool.end();
    }
  };

  it('what an administrator has to do when the user may not take the role', async () => {
    await migrate(database.url, []);
    const user = `plain_${randomBytes(4).toString('hex')}`;
    await asAdmin(`CREATE ROLE ${user} LOGIN PASSWORD 'plain'`);
    try {
      const url = new URL(database.url);
      url.username = user;
      url.password = 'plain';
      const refused = migrate(url.href, []);
      await expect(refused).rejects.toThrow(MigrationError);
      await expect(refused).rejects.toThrow('let an administrator run');
    } finally {
      await asAdmin(`DROP ROLE ${user}`);
    }
  });

  it('that the database is not UTF-8', async () => {
    const name = `latin_${randomBytes(4).toString('hex')}`;
    await asAdmin(
      `CREATE DATABASE ${name} OWNER keyledger ENCODING 'LATIN1' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'`,
    );
    try {
      const url = new URL(database.url);
      url.pathname = `/${name}`;
      await expect(migrate(url.href, [])).rejects.toThrow('the database is encoded in LATIN1');
    } finally {
      await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});

describe('a pool', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  it('reads bigints without loss and times as ISO text, also in arrays', async () => {
    const pool = createPool({ url: database.url, applicationName: 'test' });
    try {
      const { rows } = await pool.query(`SELECT
        9223372036854775807::bigint AS big,
        ARRAY[1, NULL, 9223372036854775807]::bigint[] AS bigs,
        '2026-01-02T03:04:05.678901+02:00'::timestamptz AS time,
        '2026-01-02T03:04:05Z'::timestamptz AS whole,
        ARRAY['2026-01-02T03:04:05Z']::timestamptz[] AS times,
        '2026-01-02'::date AS day,
        'infinity'::timestamptz AS never`);
      expect(rows).toEqual([
        {
          big: 9223372036854775807n,
          bigs: [1n, null, 9223372036854775807n],
          time: '2026-01-02T01:04:05.678Z',
          whole: '2026-01-02T03:04:05.000Z',
          times: ['2026-01-02T03:04:05.000Z'],
          day: '2026-01-02',
          never: 'infinity',
        },
      ]);
    } finally {
      await pool.end();
    }
  });

  it('ends a statement that takes too long', async () => {
    const pool = createPool({
      url: database.url,
      applicationName: 'test',
      statementTimeoutMs: 50,
    });
    try {
      await expect(pool.query('SELECT pg_sleep(20)')).rejects.toThrow('statement timeout');
    } finally {
      await pool.end();
    }
  });

  it('keeps the options that the URL gives', async () => {
    const url = `${database.url}?options=${encodeURIComponent('-c search_path=elsewhere')}`;
    const pool = createPool({ url, applicationName: 'test' });
    try {
      const { rows } = await pool.query('SHOW search_path');
      expect(rows).toEqual([{ search_path: 'elsewhere' }]);
    } finally {
      await pool.end();
    }
  });

  it('goes on after its connections were cut', async () => {
    let noticed: (error: Error) => void = () => undefined;
    const lost = new Promise<Error>((resolve) => {
      noticed = resolve;
    });
    const pool = createPool({
      url: database.url,
      applicationName: 'to be cut',
      onError: noticed,
    });
    const admin = createPool({ url: database.adminUrl, applicationName: 'test' });
    try {
      await pool.query('SELECT 1');
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be cut' AND datname = current_database()",
      );
      await expect(lost).resolves.toBeInstanceOf(Error);
      await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    } finally {
      await pool.end();
      await admin.end();
    }
  });

  it('takes the loss of a connection in use for an error of its query, not for the end of the process', async () => {
    const pool = createPool({ url: database.url, applicationName: 'in use' });
    const admin = createPool({ url: database.adminUrl, applicationName: 'test' });
    try {
      // Not `pool.query`, which listens by itself. Without a listener `emit` throws, inside the socket's handler.
      const client = await pool.connect();
      const thrown: unknown[] = [];
      const emit = client.emit.bind(client);
      client.emit = (...given: Parameters<typeof emit>) => {
        try {
          return emit(...given);
        } catch (error) {
          thrown.push(error);
          return false;
        }
      };
      const ended = new Promise<void>((resolve) => {
        client.on('end', () => {
          resolve();
        });
      });
      const failed = client.query('SELECT pg_sleep(20)').catch((error: unknown) => error);
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'in use' AND datname = current_database()",
      );
      expect(await failed).toBeInstanceOf(Error);
      await ended;
      client.release(true);
      expect(thrown).toEqual([]);
      await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    } finally {
      await pool.end();
      await admin.end();
    }
  });
});
