import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '#test/free-port';
import { createPool } from '../postgres/index.js';
import { processesWorkingIn, processStamp, until } from './processes.js';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from './index.js';
import { discardEmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from './index.js';

const ROOT = process.getuid?.() === 0;
const LOADER = path.resolve('test/support/load-typescript.mjs');
const WAIT_MS = 60_000;

const folders: string[] = [];
const servers: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

/** As `mktemp -d` makes it: 0700. */
function privateFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyledger-embedded-')));
  folders.push(folder);
  return path.join(folder, '.keyledger');
}

/** Made once: a data folder of its own costs each test a second. Whoever damages it mends it. */
let folder = '';
beforeAll(() => {
  folder = privateFolder();
  chmodSync(path.dirname(folder), 0o755);
});

afterAll(async () => {
  for (const made of folders) {
    await discardEmbeddedPostgres(path.join(made, '.keyledger'));
    rmSync(made, { recursive: true });
  }
});

async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  servers.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const pool = createPool({ url, applicationName: 'test', connectionsMax: 1 });
  try {
    return (await pool.query<object>(sql)).rows;
  } finally {
    await pool.end();
  }
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe('the embedded PostgreSQL', () => {
  it('keeps what was committed over a stop and a start', async () => {
    const first = await start({ folder });
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    await first.stop();
    const second = await start({ folder });
    expect(await query(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('leaves no process behind when it is stopped', async () => {
    const server = await start({ folder });
    const data = path.join(server.place, 'data');
    expect(processesWorkingIn(data).length).toBeGreaterThan(0);
    await server.stop();
    expect(processesWorkingIn(data)).toEqual([]);
    expect(processStamp(server.serverProcessId)).toBeUndefined();
  });

  it('listens on 127.0.0.1 alone, without a socket in the file system', async () => {
    const server = await start({ folder });
    expect(
      await query(
        server.adminUrl,
        "SELECT current_setting('listen_addresses') AS a, current_setting('unix_socket_directories') AS s",
      ),
    ).toEqual([{ a: '127.0.0.1', s: '' }]);
  });

  it('takes the port that it is told, and another one when that is taken', async () => {
    const port = await freePort();
    const blocker = createServer().listen(port, '127.0.0.1');
    await once(blocker, 'listening');
    try {
      const elsewhere = await start({ folder, port });
      expect(elsewhere.port).not.toBe(port);
      await elsewhere.stop();
      blocker.close();
      await once(blocker, 'close');
      const there = await start({ folder, port });
      expect(there.port).toBe(port);
      expect(await query(there.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      blocker.close();
    }
  });

  it('refuses a wrong password', async () => {
    const server = await start({ folder });
    const wrong = new URL(server.adminUrl);
    wrong.password = 'postgres';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('gives its processes no password and nothing of our environment', async () => {
    process.env['KEYLEDGER_TEST_SECRET'] = 'do-not-pass-on';
    try {
      const server = await start({ folder });
      const of = (what: string) =>
        readFileSync(`/proc/${String(server.serverProcessId)}/${what}`, 'utf8');
      const { adminPassword, ownerPassword } = JSON.parse(
        readFileSync(path.join(folder, 'postgres.json'), 'utf8'),
      ) as Record<string, string>;
      for (const text of [of('environ'), of('cmdline')])
        for (const secret of ['do-not-pass-on', adminPassword, ownerPassword])
          expect(text).not.toContain(secret);
      expect(statSync(path.join(folder, 'postgres.json')).mode & 0o777).toBe(0o600);
    } finally {
      delete process.env['KEYLEDGER_TEST_SECRET'];
    }
  });

  it('runs from a 0700 folder, as root under a uid of its own that no account has', async () => {
    const secluded = privateFolder();
    const accounts = readFileSync('/etc/passwd', 'utf8');
    const said: string[] = [];
    const server = await start({ folder: secluded, say: (line) => said.push(line) });
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const { uid } = statSync(`/proc/${String(server.serverProcessId)}`);
    if (ROOT) {
      expect(uid).not.toBe(0);
      expect(accounts).not.toMatch(new RegExp(`^[^:]*:[^:]*:${String(uid)}:`, 'm'));
      expect(said.join('\n')).toContain(server.place);
    } else expect(uid).toBe(process.getuid?.());
    expect(readFileSync('/etc/passwd', 'utf8')).toBe(accounts);
    await server.stop();
    const again = await start({ folder: secluded });
    expect(again.place).toBe(server.place);
  });

  it('is UTF-8 with C collation under any locale', async () => {
    const before = process.env['LC_ALL'];
    process.env['LC_ALL'] = 'tr_TR.ISO-8859-9';
    try {
      const server = await start({ folder: privateFolder() });
      const [row] = await query(
        server.url,
        `SELECT current_setting('server_encoding') AS encoding, datcollate, datlocale,
                upper('i') AS upper, 'Z' < 'a' AS by_code_point
         FROM pg_database WHERE datname = current_database()`,
      );
      expect(row).toEqual({
        encoding: 'UTF8',
        datcollate: 'C',
        datlocale: 'C.UTF-8',
        upper: 'I',
        by_code_point: true,
      });
    } finally {
      if (before === undefined) delete process.env['LC_ALL'];
      else process.env['LC_ALL'] = before;
    }
  });

  it('is started again on the same port when it dies, with all that was committed', async () => {
    const said: string[] = [];
    const server = await start({ folder, say: (line) => said.push(line) });
    await query(server.url, 'CREATE TABLE survived AS SELECT 1 AS one');
    const died = server.serverProcessId;
    process.kill(died, 'SIGKILL');
    expect(
      await until(
        () => server.serverProcessId !== died && processStamp(server.serverProcessId) !== undefined,
        WAIT_MS,
      ),
    ).toBe(true);
    expect(await query(server.url, 'SELECT one FROM survived')).toEqual([{ one: 1 }]);
    expect(said).toEqual(['PostgreSQL ended by itself; starting it again']);
  });

  it('leaves none behind when it is stopped while it is started again', async () => {
    const server = await start({ folder });
    const log = path.join(server.place, 'server.log');
    const { ino } = statSync(log);
    process.kill(server.serverProcessId, 'SIGKILL');
    // Each launch makes a log of its own, and the server is ready some time later.
    expect(await until(() => statSync(log, { throwIfNoEntry: false })?.ino !== ino, WAIT_MS)).toBe(
      true,
    );
    await server.stop();
    expect(processesWorkingIn(path.join(server.place, 'data'))).toEqual([]);
    const said: string[] = [];
    await start({ folder, say: (line) => said.push(line) });
    expect(said).toEqual([]);
  });
});

/** A process that starts the server, says so, and waits to be killed. */
async function startInChild(): Promise<ChildProcess> {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(path.resolve('libs/platform/embedded-postgres/index.ts'))});
    const server = await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)} });
    console.log(server.serverProcessId);
    setInterval(() => undefined, 1000);`;
  const child = spawn('node', ['--import', LOADER, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('a start on the folder of another process', () => {
  it('stops the server that a killed process left behind, and finds all that was committed', async () => {
    const child = await startInChild();
    const data = path.join(folder, 'postgres/data');
    const leftBehind = Number(
      readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0],
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processStamp(leftBehind)).toBeDefined();
    const said: string[] = [];
    const server = await start({ folder, say: (line) => said.push(line) });
    expect(processStamp(leftBehind)).toBeUndefined();
    expect(said).toEqual([
      `stopping the PostgreSQL server that was left behind (process ${String(leftBehind)})`,
    ]);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is refused in one line while that process lives', async () => {
    const child = await startInChild();
    const line = `${folder} is in use by the running process ${String(child.pid)}: stop that one first, or choose another folder`;
    await expect(startEmbeddedPostgres({ folder })).rejects.toThrow(line);
    await expect(discardEmbeddedPostgres(folder)).rejects.toThrow(line);
  });

  it('is refused in one line within one process, too', async () => {
    await start({ folder });
    await expect(startEmbeddedPostgres({ folder })).rejects.toThrow('is in use');
  });

  it('is not misled by a process id that somebody else has by now', async () => {
    const first = await start({ folder });
    await first.stop();
    const data = path.join(first.place, 'data');
    const bystander = spawn('sleep', ['60']);
    children.push(bystander);
    writeFileSync(
      path.join(data, 'postmaster.pid'),
      `${String(bystander.pid)}\n${data}\n0\n1\n\n\n\nready\n`,
    );
    await start({ folder });
    expect(processStamp(bystander.pid ?? 0)).toBeDefined();
  });
});

describe('what is wrong is said in one line', () => {
  const failure = async (of: string) => {
    const error: unknown = await startEmbeddedPostgres({ folder: of }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return message;
  };
  /** What a start says while a file of the stopped server is another one. */
  const failureWith = async (name: string, damage: (whole: Buffer) => Buffer | string) => {
    await (await start({ folder })).stop();
    const file = path.join(folder, name);
    const whole = readFileSync(file);
    writeFileSync(file, damage(whole));
    try {
      return await failure(folder);
    } finally {
      writeFileSync(file, whole);
    }
  };

  it('a folder that can’t be written', async () => {
    // Not even root writes here.
    expect(await failure('/sys/keyledger')).toMatch(
      /^the folder \/sys\/keyledger can't be written/,
    );
  });

  it('a database whose place is gone: an empty one is not taken for it', async () => {
    const server = await start({ folder });
    await server.stop();
    renameSync(server.place, `${server.place}.away`);
    try {
      expect(await failure(folder)).toContain(`was at ${server.place}, which is gone`);
    } finally {
      renameSync(`${server.place}.away`, server.place);
    }
  });

  it('a damaged state file, without repeating what stands in it', async () => {
    const message = await failureWith('postgres.json', (whole) => whole.subarray(0, -20));
    expect(message).toContain('postgres.json is damaged');
    expect(message).not.toContain('assword":');
  });

  it('a server that does not start: in its own words, not its last ones', async () => {
    const message = await failureWith('postgres/data/global/pg_control', (whole) =>
      whole.subarray(0, 100),
    );
    expect(message).toMatch(/^PostgreSQL did not start: .*pg_control/);
  });

  it('data of another major version', async () => {
    const message = await failureWith('postgres/data/PG_VERSION', () => '12\n');
    expect(message).toContain('is of PostgreSQL 12, this installation brings 18');
  });
});
