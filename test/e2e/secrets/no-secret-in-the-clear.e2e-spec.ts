import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { TestDatabase } from '#test/postgres';
import { testDatabase } from '#test/postgres';
import { Served } from '#test/served';

/** The product as a process of its own, so that its output, arguments and environment can be searched. */
describe('no secret stands anywhere in the clear', () => {
  let database: TestDatabase;
  let product: Served;
  /** What must be found nowhere. */
  const secrets = new Map<string, string>();
  /** What must be found in the database's files, or they were not searched. */
  const canary = `canary${randomBytes(8).toString('hex')}`;
  const served: string[] = [];

  const call = (
    to: string,
    as: string | undefined,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => product.call(to, { body, ...(as === undefined ? {} : { as }), ...(headers && { headers }) });

  beforeAll(async () => {
    [database, product] = await Promise.all([testDatabase(), Served.prepare()]);
    product.start({ DATABASE_URL: database.url, KEYLEDGER_LOG_LEVEL: 'trace' });
    await product.ready();
    await live();
  });

  afterAll(async () => {
    await product.discard();
    await database.drop();
  });

  /** Everything that has to do with a secret, done well and done wrongly. */
  async function live(): Promise<void> {
    const admin = await product.network();
    const done = async (to: string, as: string, body: unknown) => {
      const said = (await product.must(to, { as, body })).body;
      return said as Readonly<Record<string, string>>;
    };
    await done('/v1/partners', admin, {
      partnerId: 7,
      name: canary,
      status: 'active',
      managerId: null,
    });
    await done('/v1/partners/7/technical-capacity/confirm', admin, { evidence: 'a developer' });
    await done('/v1/partners/7/traits', admin, {
      traits: {
        recurringReportRequests: true,
        ownTooling: true,
        steadyTraffic: true,
        goodStanding: true,
      },
    });
    const issue = (portal: string, holder: object) =>
      done('/v1/api-keys', admin, { portal, holder, label: 'Dashboard' });
    const affiliate = await issue('affiliate', { type: 'partner', id: 7 });
    const network = await issue('network', { type: 'network', id: 1 });
    const { key = '', keyId = '' } = affiliate;
    secrets.set('affiliate key', key);
    secrets.set('network key', network['key'] ?? '');
    await done(`/v1/api-keys/${keyId}/reveal`, admin, { purpose: 'support' });

    const shares = `/v1/api-keys/${keyId}/shares`;
    const share = {
      recipient: { type: 'holderUsers', reference: '7' },
      channel: 'email',
      reason: 'First',
      bound: 'passphrase',
    };
    for (const name of ['first', 'second']) {
      const { token = '', passphrase = '' } = await done(shares, admin, share);
      secrets.set(`${name} token`, token);
      secrets.set(`${name} passphrase`, passphrase);
      await call('/v1/shares/open', undefined, { token, passphrase: 'wrong' });
      if (name === 'second')
        expect((await call('/v1/shares/open', undefined, { token, passphrase })).body['key']).toBe(
          key,
        );
    }
    const reissued = await done(`/v1/api-keys/${keyId}/reissue`, admin, { reason: 'leaked' });
    secrets.set('reissued key', reissued['key'] ?? '');

    // A client that puts its key where it does not belong.
    const header = { 'user-agent': key, 'x-request-id': key, 'idempotency-key': key };
    const wrong = { portal: 'affiliate', holder: { type: 'partner', id: 7 }, label: `x ${key}` };
    expect((await call('/v1/api-keys', admin, wrong, header)).body['code']).toBe(
      'request/text-not-allowed',
    );
    await call(`/v1/api-keys/${key}`, admin);
    await call(`/v1/api-keys?label=${key}`, admin);
    await call('/v1/me', key);
    await call('/v1/partners/7/flags', admin, { kind: 'fraud', reason: `leaked ${key}` });
    const { credential = '' } = await done('/v1/networks/1/webhook-credentials', admin, {
      label: 'Partner Created',
    });
    secrets.set('webhook credential', credential);
    for (const body of [{ network_affiliate_id: 'x', name: key }, { [key]: key }])
      await call('/v1/webhooks/partners/created', undefined, body, {
        'x-keyledger-webhook-credential': credential,
      });

    await inOddPlaces(admin, [key, ...secrets.values(), admin]);
    secrets.set('access token', admin);
    secrets.set('access token of the operator', await product.operator());

    for (const to of [
      '/metrics',
      '/openapi.json',
      '/v1/webhooks/dead-letters',
      '/v1/api-keys',
      '/v1/shares',
      '/v1/audit',
      '/v1/partners/7',
    ]) {
      const { status, text } = await call(to, admin);
      expect([to, status]).toEqual([to, 200]);
      served.push(text);
    }
  }

  /** Where people paste a secret by mistake. What is answered is no matter; what is kept of it is. */
  async function inOddPlaces(admin: string, pasted: readonly string[]): Promise<void> {
    const json = { 'content-type': 'application/json' };
    const bearer = { authorization: `Bearer ${admin}` };
    for (const secret of new Set(pasted)) {
      const said = encodeURIComponent(secret);
      const graphql = (query: string, variables?: object) =>
        [
          `/graphql`,
          {
            method: 'POST',
            headers: { ...json, ...bearer },
            body: JSON.stringify({ query, variables }),
          },
        ] as const;
      const requests: readonly (readonly [string, RequestInit])[] = [
        [`/${said}`, { headers: bearer }],
        [`/v1/share?token=${said}`, {}],
        [`/v1/shares/open?token=${said}`, { method: 'POST', headers: json, body: '{}' }],
        [`/v1/partners?${said}=1&after=${said}`, { headers: bearer }],
        // A search of the trail is itself recorded.
        [`/v1/audit?text=${said}`, { headers: bearer }],
        ['/v1/me', { headers: { ...bearer, 'x-eflow-api-key': secret, cookie: `key=${secret}` } }],
        ['/v1/me', { headers: { ...bearer, traceparent: secret, 'x-correlation-id': secret } }],
        [
          '/v1/me',
          { headers: { authorization: `Basic ${secret}`, referer: `${product.url}/${said}` } },
        ],
        [
          '/v1/api-keys',
          { method: 'POST', headers: { ...json, ...bearer }, body: `{"label":"${secret}` },
        ],
        [
          '/v1/api-keys',
          {
            method: 'POST',
            headers: { ...json, ...bearer },
            body: JSON.stringify({ [secret]: secret }),
          },
        ],
        [
          '/v1/api-keys',
          { method: 'POST', headers: { ...bearer, 'content-type': secret }, body: secret },
        ],
        [
          '/v1/partners/7/status',
          { method: 'POST', headers: { ...json, ...bearer, 'if-match': secret }, body: '{}' },
        ],
        [
          '/v1/webhooks/partners/created',
          {
            method: 'POST',
            headers: { ...json, 'x-keyledger-webhook-credential': secret.slice(1) },
            body: `"${secret}`,
          },
        ],
        graphql(`{ apiKey(keyId: "${secret}") { label } }`),
        graphql(`{ ${secret.replace(/\W/g, '_')} }`),
        graphql('query ($id: ID!) { apiKey(keyId: $id) { label } }', {
          id: secret,
          [secret]: secret,
        }),
      ];
      for (const [to, init] of requests)
        await fetch(`${product.url}${to}`, init).then((r) => r.text());
    }
  }

  it('in what the process wrote, its metrics, lists, dead letters and audit trail', () => {
    expect(product.output).toContain('/v1/api-keys');
    expect(served.join()).toContain('Dashboard');
    for (const [name, secret] of secrets)
      for (const [encoding, written] of encodingsOf(secret)) {
        expect([name, encoding, product.output.includes(written)]).toEqual([name, encoding, false]);
        expect([name, encoding, served.join().includes(written)]).toEqual([name, encoding, false]);
      }
  });

  it('in the files of PostgreSQL, its write-ahead log among them', async () => {
    const client = new pg.Client({ connectionString: database.adminUrl });
    await client.connect();
    await client.query('CHECKPOINT');
    const { rows } = await client.query<{ folder: string; own: string }>(
      "SELECT current_setting('data_directory') AS folder, oid::text AS own FROM pg_database WHERE datname = current_database()",
    );
    await client.end();
    const [place] = rows;
    if (!place) throw new Error('no data directory');
    const wanted = new Map<string, Buffer>([['canary', Buffer.from(canary)]]);
    for (const [name, secret] of secrets)
      for (const [encoding, written] of encodingsOf(secret))
        wanted.set(`${name}, ${encoding}`, Buffer.from(written));
    const found = await search(place.folder, place.own, wanted);
    expect([...found.keys()]).toEqual(['canary']);
    expect(found.get('canary')?.some((file) => file.includes('pg_wal'))).toBe(true);
    expect(found.get('canary')?.some((file) => file.includes('base'))).toBe(true);
  });

  it('in the arguments and environment of the process and its children', async () => {
    const pid = product.processId;
    if (process.platform !== 'linux' || pid === undefined) return;
    const all = [String(pid), ...(await childrenOf(pid))];
    for (const one of all) {
      const text = [
        await readFile(`/proc/${one}/cmdline`, 'latin1'),
        await readFile(`/proc/${one}/environ`, 'latin1'),
      ].join();
      for (const secret of secrets.values())
        for (const [, written] of encodingsOf(secret)) expect(text.includes(written)).toBe(false);
    }
  });
});

/** The whole secret, and of a key its random part, as somebody might write it down by accident. */
function encodingsOf(secret: string): readonly (readonly [string, string])[] {
  if (secret.length < 16) throw new Error('no secret to look for');
  const core = secret.length > 50 ? secret.slice(-43, -7) : secret;
  const bytes = Buffer.from(core);
  // Whatever stands before it shifts base64 by none, one or two bytes.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const percent = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const all: readonly (readonly [string, string])[] = [
    ['raw', core],
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ['percent-encoded', percent],
    ['upper-case percent-encoded', percent.toUpperCase()],
    ['UTF-16', Array.from(core).join('\0')],
    ...base64.map((text, shift) => [`base64 at ${String(shift)}`, text] as const),
    ...base64.map(
      (text, shift) =>
        [`base64url at ${String(shift)}`, text.replaceAll('+', '-').replaceAll('/', '_')] as const,
    ),
  ];
  return all.filter(([, text], index) => all.findIndex(([, other]) => other === text) === index);
}

/** All files of the server but those of other tests' databases. */
async function* filesOf(folder: string, ownDatabase: string): AsyncGenerator<string> {
  for (const entry of await unlessGone(readdir(folder, { withFileTypes: true }), [])) {
    const place = path.join(folder, entry.name);
    if (entry.isFile()) yield place;
    if (entry.isDirectory() && (path.basename(folder) !== 'base' || entry.name === ownDatabase))
      yield* filesOf(place, ownDatabase);
  }
}

/** Files and folders come and go under a running server: others make and drop databases meanwhile. */
async function unlessGone<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  return await reading.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return otherwise;
  });
}

async function search(
  folder: string,
  ownDatabase: string,
  wanted: ReadonlyMap<string, Buffer>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  const longest = Math.max(...[...wanted.values()].map((bytes) => bytes.length));
  const look = async (file: string): Promise<void> => {
    let tail = Buffer.alloc(0);
    for await (const chunk of createReadStream(file, { highWaterMark: 4_194_304 })) {
      const block = Buffer.concat([tail, chunk as Buffer]);
      for (const [name, bytes] of wanted)
        if (block.includes(bytes)) found.set(name, [...(found.get(name) ?? []), file]);
      tail = Buffer.from(block.subarray(-longest));
    }
  };
  for await (const file of filesOf(folder, ownDatabase)) await unlessGone(look(file), undefined);
  return found;
}

async function childrenOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  return text.split(' ').filter((one) => one !== '');
}
