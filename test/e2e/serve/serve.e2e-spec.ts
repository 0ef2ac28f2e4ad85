import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { chmodSync, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { discardEmbeddedPostgres } from '#platform/embedded-postgres';
import { SAME_SIGNAL_MS } from '../../../apps/keyledger/terminal.js';
import { END_TIMEOUT_MS, endAll, placeOf, processesNaming, ProductProcess } from './product.js';

const READY = /API\s+(http:\/\/127\.0\.0\.1:\d+)\/v1[\s\S]*Ctrl-C stops it/;

let home: string;
let folder: string;
const environment = (more: Readonly<Record<string, string>> = {}) => ({
  KEYLEDGER_DATA_DIR: folder,
  KEYLEDGER_CONFIG_DIR: path.join(home, 'config'),
  KEYLEDGER_PORT: '0',
  ...more,
});
const serve = (more?: Readonly<Record<string, string>>, nodeArgs?: readonly string[]) =>
  ProductProcess.run(['serve'], environment(more), nodeArgs);
const ready = async (product: ProductProcess): Promise<string> =>
  (await product.says(READY))[1] ?? '';
/** Runs to its end. */
const run = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
  const product = ProductProcess.run(args, environment(more));
  const code = await product.ended();
  return { code, out: product.out, err: product.err };
};

beforeAll(async () => {
  // 0700, as every fresh temporary folder.
  home = await mkdtemp(path.join(tmpdir(), 'keyledger-serve-'));
  folder = path.join(home, 'data');
});
afterEach(endAll);
afterAll(async () => {
  await discardEmbeddedPostgres(folder);
  await rm(home, { recursive: true, force: true });
});

const nothingRuns = () => {
  expect(processesNaming(placeOf(folder))).toEqual([]);
};

/** A request whose body is still on its way: it is in flight until it is finished. */
async function slowRequest(url: string, token: string) {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const body = JSON.stringify({ partnerId: 9_001, name: 'In flight', status: 'active' });
  socket.write(
    `POST /v1/partners HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n` +
      `content-length: ${String(Buffer.byteLength(body))}\r\nexpect: 100-continue\r\n\r\n`,
  );
  // The server has read the head: the request is its own from now on.
  while (!answer.startsWith('HTTP/1.1 100')) await once(socket, 'data');
  answer = '';
  const closed = once(socket, 'close');
  return {
    finish: async (): Promise<string> => {
      socket.write(body);
      await closed;
      return answer.replace(/^[\s\S]*?(?=HTTP\/1\.1 [2-5])/, '');
    },
    abandon: () => socket.destroy(),
  };
}

describe('keyledger serve', () => {
  it('starts in a folder that only its owner may enter, says how to sign in, and lets its user act', async () => {
    const server = serve({ LANG: 'tr_TR.UTF-8', LC_ALL: 'xx_XX.nonsense' });
    const url = await ready(server);
    for (const words of [
      '/graphql',
      '/health/ready',
      'keyledger login --as sam',
      'sam ',
      'olivia ',
    ])
      expect(server.out).toContain(words);
    const usersFile = path.join(folder, 'identity', 'development-users.json');
    expect(server.out).toContain(usersFile);
    const passwords = JSON.parse(await readFile(usersFile, 'utf8')) as Record<string, string>;
    const missing = Object.entries(passwords).filter(
      ([name, password]) =>
        !server.out.split('\n').some((line) => line.includes(name) && line.includes(password)),
    );
    expect(missing.map(([name]) => name)).toEqual([]);
    expect(server.out).not.toContain('{"level"');
    for (const line of server.err.split('\n').filter((line) => line !== ''))
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });
    expect(server.err).not.toContain('dependencies initialized');

    expect(await run(['login', '--as', 'sam', '--api', url])).toMatchObject({ code: 0 });
    const { out: token } = await run(['token', '--api', url]);
    const me = await fetch(`${url}/v1/me`, {
      headers: { authorization: `Bearer ${token.trim()}` },
    });
    expect({ status: me.status, body: await me.json() }).toMatchObject({
      status: 200,
      body: { networkId: 101 },
    });
    expect((await run(['token'], { KEYLEDGER_TOKEN: 'given-by-hand' })).out).toBe(
      'given-by-hand\n',
    );

    const second = await run(['serve']);
    expect(second).toMatchObject({ code: 1, out: '' });
    expect(second.err).toMatch(/^keyledger: .* is in use by the running process \d+[^\n]*\n$/);

    const inFlight = await slowRequest(url, token.trim());
    server.signalGroup('SIGINT');
    // npm and the process that chose the pinned Node pass on what the terminal sends to all.
    server.signal('SIGINT');
    await server.says(/stopping…/);
    expect(await inFlight.finish()).toMatch(/^HTTP\/1\.1 201 /);
    expect(await server.ended()).toBe(0);
    expect(server.out).toMatch(/stopped\n$/);
    nothingRuns();

    // The same folder again: the request that was in flight is there.
    const again = serve();
    const at = await ready(again);
    const partner = await fetch(`${at}/v1/partners/9001`, {
      headers: { authorization: `Bearer ${token.trim()}` },
    });
    expect(partner.status).toBe(200);
    again.signal('SIGTERM');
    expect(await again.ended()).toBe(0);
    nothingRuns();
  }, 300_000);

  it('ends at once at a second Ctrl-C, and leaves no PostgreSQL behind', async () => {
    const server = serve();
    const url = await ready(server);
    const { out: token } = await run(['token'], { KEYLEDGER_TOKEN: 'x' });
    const inFlight = await slowRequest(url, token.trim());
    server.signalGroup('SIGINT');
    await server.says(/stopping…/);
    await delay(SAME_SIGNAL_MS);
    server.signalGroup('SIGINT');
    expect(await server.ended()).toBe(130);
    expect(server.out).not.toContain('stopped\n');
    inFlight.abandon();
    const deadline = Date.now() + END_TIMEOUT_MS;
    while (processesNaming(placeOf(folder)).length > 0 && Date.now() < deadline) await delay(50);
    nothingRuns();
  });

  it('stops what an earlier one left behind when that was killed', async () => {
    const first = serve();
    await ready(first);
    first.signal('SIGKILL');
    expect(await first.ended()).toBe('SIGKILL');
    expect(processesNaming(placeOf(folder))).not.toEqual([]);
    const second = serve();
    await ready(second);
    expect(second.out).toContain('left behind');
    second.signal('SIGHUP');
    expect(await second.ended()).toBe(0);
    nothingRuns();
  });

  it('starts on the pinned Node when its own is older: signals are passed on, the exit code comes back', async () => {
    const older = ['--import', `data:text/javascript,${encodeURIComponent(OLDER_NODE)}`];
    const wrong = ProductProcess.run(['serve'], environment({ KEYLEDGER_PORT: 'x' }), older);
    expect(await wrong.ended()).toBe(1);
    expect(wrong.err).toBe(
      'keyledger: KEYLEDGER_PORT: must be a port, 0 to 65535 (0: any free one)\n',
    );

    const server = serve({}, older);
    await ready(server);
    server.signal('SIGINT');
    expect(await server.ended()).toBe(0);
    expect(server.out).toMatch(/stopped\n$/);
    nothingRuns();
  });

  it('starts also while nobody answers where people will reach it', async () => {
    const server = serve({ KEYLEDGER_PUBLIC_URL: 'http://127.0.0.1:1' });
    expect(await ready(server)).toBe('http://127.0.0.1:1');
    server.signal('SIGTERM');
    expect(await server.ended()).toBe(0);
  });

  it('goes on when nobody reads what it says any more, and stops cleanly', async () => {
    const server = serve();
    const url = await ready(server);
    server.child.stdout?.destroy();
    server.child.stderr?.destroy();
    for (let n = 0; n < 3; n += 1) expect((await fetch(`${url}/v1/share`)).status).toBe(200);
    server.signalGroup('SIGINT');
    expect(await server.ended()).toBe(0);
    nothingRuns();
  }, 120_000);

  it('says that it was interrupted also while it makes its data folder', async () => {
    const fresh = path.join(home, 'fresh');
    const server = serve({ KEYLEDGER_DATA_DIR: fresh });
    try {
      const begun = () =>
        existsSync(path.join(fresh, 'postgres.json')) &&
        (processesNaming(path.join(placeOf(fresh), 'data.new')).length > 0 ||
          existsSync(path.join(placeOf(fresh), 'data')));
      while (server.child.exitCode === null && !begun()) await delay(10);
      server.signalGroup('SIGINT');
      expect(await server.ended()).toBe(130);
      expect(server.err).toBe('keyledger: interrupted (SIGINT)\n');
    } finally {
      await discardEmbeddedPostgres(fresh);
    }
  }, 120_000);

  it('stops when it is told to while it starts', async () => {
    const server = serve();
    await server.says(/^/);
    while (processesNaming(placeOf(folder)).length === 0) await delay(10);
    server.signal('SIGTERM');
    expect(await server.ended()).toBe(143);
    expect(server.err).toBe('keyledger: interrupted (SIGTERM)\n');
    nothingRuns();
  });
});

const OLDER_NODE = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } });`;

describe('keyledger serve says in one line why it does not start:', () => {
  const refused = async (
    more: Readonly<Record<string, string>>,
    words: RegExp,
    args: readonly string[] = ['serve'],
  ) => {
    const { code, out, err } = await run(args, more);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(words);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  };

  it('a port that is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const port = String((holder.address() as AddressInfo).port);
    try {
      await refused({ KEYLEDGER_PORT: port }, new RegExp(`^keyledger: port ${port} .* is taken`));
    } finally {
      holder.close();
    }
  });

  it('a folder that it can’t write', async () => {
    const closed = path.join(home, 'closed');
    await mkdir(closed, { recursive: true });
    chmodSync(closed, 0o500);
    // Root may write anywhere but where the kernel says no.
    const place = process.getuid?.() === 0 ? '/sys/keyledger' : path.join(closed, 'data');
    await refused({ KEYLEDGER_DATA_DIR: place }, /^keyledger: the folder .* can't be written/);
  });

  it('a configuration file that is not JSON', async () => {
    const broken = path.join(home, 'broken');
    await mkdir(broken, { recursive: true });
    await writeFile(path.join(broken, 'config.json'), '{"KEYLEDGER_PORT": 73');
    await refused({ KEYLEDGER_DATA_DIR: broken }, /config\.json: is not a JSON object/);
  });

  it('what PostgreSQL’s own state file holds is damaged', async () => {
    const damaged = path.join(home, 'damaged');
    await mkdir(damaged, { recursive: true });
    await writeFile(path.join(damaged, 'postgres.json'), '{"place": ');
    await refused({ KEYLEDGER_DATA_DIR: damaged }, /postgres\.json is damaged/);
  });

  it.each([
    ['KEYLEDGER_LOG_LEVEL', 'loud', ['serve']],
    ['KEYLEDGER_EVENTSTORE', 'mysql://x', ['serve']],
    ['KEYLEDGER_EVENTSTORE', 'esdb://', ['serve']],
    ['KEYLEDGER_ISSUERS', '[{]', ['serve']],
    ['DATABASE_URL', 'mysql://root:secret@db/x', ['serve']],
    ['KEYLEDGER_HOST', '0.0.0.0', ['serve']],
    ['KEYLEDGER_ISSUERS', '', ['api']],
    ['DATABASE_URL', '', ['projector']],
    ['DATABASE_URL', '', ['migrate']],
  ])('%s=%s for %p', async (name, value, args) => {
    await refused({ [name]: value }, new RegExp(`^keyledger: ${name}`), args);
  });

  it('a database that does not let it in, without its password', async () => {
    const { code, err } = await run(['migrate'], {
      DATABASE_URL: 'postgres://keyledger:my-password@127.0.0.1:1/keyledger',
    });
    expect(code).toBe(1);
    expect(err).toBe('keyledger: connect ECONNREFUSED 127.0.0.1:1\n');
  });
});

it.each([
  ['login', 'sam'],
  ['import', 'offers'],
])('keyledger refuses arguments that a command does not take: %s %s', async (...args) => {
  const { code, out, err } = await run(args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^error: too many arguments for '\w+'.*\n\(--help shows what it takes\)\n$/);
});

it('keyledger --version says which release it is', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
});
