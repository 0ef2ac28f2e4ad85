import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestIssuer } from '#test/issuer';
import { startTestIssuer, TEST_AUDIENCE } from '#test/issuer';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { endAll, ProductProcess } from './product.js';

const SERVED_TIMEOUT_MS = 60_000;

describe('api and projector as processes of their own, on a database of one’s own', () => {
  let folder: string;
  let database: TestDatabase;
  let issuer: TestIssuer;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keyledger-roles-'));
    database = await testDatabase();
    issuer = await startTestIssuer();
  });
  afterEach(endAll);
  afterAll(async () => {
    await issuer.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (role: string, more: Readonly<Record<string, string>> = {}) =>
    ProductProcess.run([role], {
      DATABASE_URL: database.url,
      KEYLEDGER_DATA_DIR: folder,
      KEYLEDGER_PORT: '0',
      ...more,
    });
  const issuers = () => ({
    KEYLEDGER_ISSUERS: JSON.stringify([
      { issuer: issuer.issuer, audience: TEST_AUDIENCE, networks: 'any', operators: true },
    ]),
  });
  const ready = async (process: ProductProcess): Promise<string> =>
    (await process.says(/ready at (http:\S+)/))[1] ?? '';
  const probe = async (url: string) => {
    const answer = await fetch(`${url}/health/ready`);
    return { status: answer.status, text: await answer.text() };
  };
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + SERVED_TIMEOUT_MS;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
      await delay(50);
    }
  };

  it('migrates once, serves 503 until a projector ran, and goes on when one of two projectors is killed', async () => {
    const migrating = [run('migrate'), run('migrate')];
    expect(await Promise.all(migrating.map((one) => one.ended()))).toEqual([0, 0]);
    expect(migrating.map(({ out }) => out).sort()[1]).toBe('nothing to do\n');

    const api = run('api', issuers());
    const url = await ready(api);
    const operator = await issuer.token({ subject: 'operator', operator: true });
    const get = (to: string) =>
      fetch(`${url}${to}`, { headers: { authorization: `Bearer ${operator}` } });
    expect((await get('/health/ready')).status).toBe(200);
    const early = await get('/v1/networks');
    expect({ status: early.status, body: await early.json() }).toMatchObject({
      status: 503,
      body: { code: 'projections/stale-read' },
    });
    expect(early.headers.get('retry-after')).not.toBeNull();

    // A projector lets nobody in, so it needs no issuer; and it is no second API.
    const projectors = [run('projector'), run('projector')];
    const urls = await Promise.all(projectors.map(ready));
    for (const at of urls) {
      for (const path of ['/v1/networks', '/docs', '/graphql', '/openapi.json', '/share', '//x'])
        expect((await fetch(`${at}${path}`)).status).toBe(404);
      expect((await fetch(`${at}/health/live?x`)).status).toBe(200);
      await until('a projector is ready', async () => (await fetch(`${at}/health/ready`)).ok);
      expect(await (await fetch(`${at}/metrics`)).text()).toContain(
        'keyledger_projection_lag_events',
      );
    }
    await until('the read models serve', async () => (await get('/v1/networks')).ok);

    let networkId = 300;
    const create = async () => {
      networkId += 1;
      const created = await fetch(`${url}/v1/networks`, {
        method: 'POST',
        headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
        body: JSON.stringify({ networkId, name: `Network ${String(networkId)}`, region: 'eu' }),
      });
      expect(created.status).toBe(201);
      const position = created.headers.get('x-ledger-position') ?? '';
      await until('what was written can be read', async () => {
        const read = await get(`/v1/networks/${String(networkId)}?atLeast=${position}`);
        return read.ok;
      });
    };
    await create();
    // Each has the leases it could get first: whichever is killed, the other one takes its part over.
    projectors[0]?.signal('SIGKILL');
    await projectors[0]?.ended();
    await create();
    const replacement = run('projector');
    await ready(replacement);
    projectors[1]?.signal('SIGTERM');
    expect(await projectors[1]?.ended()).toBe(0);
    await create();
    expect((await get('/health/ready')).status).toBe(200);
    replacement.signal('SIGTERM');
    expect(await replacement.ended()).toBe(0);
    // Nobody keeps the read models up to date any more: an api of its own has to notice.
    let words = '';
    // Some were given back a moment before others.
    await until('the api is not ready', async () => {
      const { status, text } = await probe(url);
      words = text;
      return status === 503 && text.includes('network_directory');
    });
    expect(words).toMatch(/network_directory v\d+ unattended: nobody has run it for \d+ s/);
    const last = run('projector');
    await until('the api is ready again', async () => (await probe(url)).status === 200);
    for (const process of [last, api]) {
      process.signal('SIGTERM');
      expect(await process.ended()).toBe(0);
    }
  }, 300_000);

  it('an api says in one line that the database was not migrated', async () => {
    const fresh = await testDatabase();
    try {
      const api = run('api', { ...issuers(), DATABASE_URL: fresh.url });
      expect(await api.ended()).toBe(1);
      expect(api.err).toMatch(/^keyledger: [^\n]*run the migrations first\n$/);
    } finally {
      await fresh.drop();
    }
  });
});
