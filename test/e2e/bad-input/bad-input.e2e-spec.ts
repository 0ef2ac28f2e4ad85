import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { composeKey, composePassphrase } from '#kernel';
import type { Answered, TestApplication } from '#test/application';
import { testApplication } from '#test/application';

interface Issued {
  readonly keyId: string;
  readonly key: string;
}
interface Shared {
  readonly token: string;
  readonly passphrase: string;
}

const KEY = composeKey('kl', 'aff', '0123456789ABCDEFGHIJabcdefghijklmnop');
const PASSPHRASE = composePassphrase('3fk9wq0zx7m2a');
const LINK = `https://keys.example.com/v1/share#${'aB3_-'.repeat(8)}xyz`;
const SECRETS = /01234567|3fk9|aB3_/;

describe('bad input', () => {
  let product: TestApplication;
  let sam: string;
  let nextPartner = 100;

  const codeOf = ({ status, body }: Answered) => [status, body['code']];
  const withoutCorrelation = ({ text }: Answered) => text.replace(/"correlationId":"[^"]+",?/, '');
  const body = (partnerId: number) => ({
    portal: 'affiliate',
    holder: { type: 'partner', id: partnerId },
    label: 'Reporting',
  });
  const issued = async (more: object = {}): Promise<Issued> => {
    const partnerId = (nextPartner += 1);
    await product.eligiblePartner(sam, partnerId);
    const answered = await product.call<Issued>('/v1/api-keys', {
      as: sam,
      body: { ...body(partnerId), ...more },
    });
    expect(answered.status).toBe(201);
    return answered.body;
  };
  const eventsOf = async (keyId: string, type: string): Promise<number> => {
    const { body } = await product.call<{ items: unknown[] }>(
      `/v1/audit?keyId=${keyId}&type=${type}&atLeast=${String(
        await product.foundations.eventStore.head(),
      )}`,
      { as: sam },
    );
    return body.items.length;
  };

  beforeAll(async () => {
    product = await testApplication();
    sam = await product.network(1);
  });
  afterAll(() => product.close());

  it('revokes once however many ask at the same time: one event, and the same answer for all', async () => {
    const { keyId } = await issued();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        product.call(`/v1/api-keys/${keyId}/revoke`, { as: sam, body: { reason: 'leaked' } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await eventsOf(keyId, 'KeyRevoked')).toBe(1);
  });

  it('lets one of two with the same If-Match change a key, and tells the other 412', async () => {
    const { keyId } = await issued();
    const answers = await Promise.all(
      ['First', 'Second'].map((label) =>
        product.call(`/v1/api-keys/${keyId}/relabel`, {
          as: sam,
          body: { label },
          headers: { 'if-match': '"1"' },
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(await eventsOf(keyId, 'KeyRelabeled')).toBe(1);
  });

  it('never shows again what is hashed or revoked, and says which it is', async () => {
    const reveal = (keyId: string) =>
      product.call(`/v1/api-keys/${keyId}/reveal`, { as: sam, body: { purpose: 'support' } });
    const network = await product.call<Issued>('/v1/api-keys', {
      as: sam,
      body: { portal: 'network', holder: { type: 'network', id: 1 }, label: 'Sync' },
    });
    const hashed = await reveal(network.body.keyId);
    expect(codeOf(hashed)).toEqual([409, 'keys/secret-not-recoverable']);
    const { keyId, key } = await issued();
    await product.call(`/v1/api-keys/${keyId}/revoke`, { as: sam, body: { reason: 'leaked' } });
    const revoked = await reveal(keyId);
    expect(codeOf(revoked)).toEqual([409, 'keys/key-revoked']);
    expect(`${hashed.text}${revoked.text}`).not.toContain(key);
    expect(await eventsOf(keyId, 'KeyRevealed')).toBe(0);
  });

  it('opens a link once of many who press at the same time, and guesses alike to missing ones', async () => {
    const { keyId, key } = await issued();
    const share = await product.call<Shared>(`/v1/api-keys/${keyId}/shares`, {
      as: sam,
      body: {
        recipient: { type: 'holderUsers' },
        channel: 'email',
        reason: 'first',
        bound: 'passphrase',
      },
    });
    const { token, passphrase } = share.body;
    const open = (sent: object) => product.call('/v1/shares/open', { body: sent });
    const guessed = await open({ token: `${token.slice(0, -1)}_`, passphrase });
    expect(withoutCorrelation(guessed)).toBe(
      withoutCorrelation(await open({ token: 'x', passphrase })),
    );
    expect(guessed.status).toBe(404);
    const answers = await Promise.all(Array.from({ length: 6 }, () => open({ token, passphrase })));
    expect(answers.filter(({ text }) => text.includes(key))).toHaveLength(1);
    expect(await eventsOf(keyId, 'ShareOpened')).toBe(1);
    expect(codeOf(await open({ token, passphrase }))).toEqual([410, 'keys/share-already-opened']);
  });

  it.each([
    ['right-to-left override', 'a\u202Eb'],
    ['isolate', 'a\u2066b'],
    ['NUL', 'a\u0000b'],
    ['escape', 'a\u001B[2Jb'],
    ['line separator', 'a\u2028b'],
    ['tag characters', `a${String.fromCodePoint(0xe0041)}b`],
    ['blank', ' \u3000 '],
  ])('refuses %s in a label, and does not repeat it', async (_, label) => {
    const { keyId } = await issued();
    const answered = await product.call(`/v1/api-keys/${keyId}/relabel`, {
      as: sam,
      body: { label },
    });
    expect(codeOf(answered)).toEqual([400, 'request/text-not-allowed']);
    expect(answered.text).not.toContain(label);
    expect(await eventsOf(keyId, 'KeyRelabeled')).toBe(0);
  });

  it('refuses half of a surrogate pair however it is written', async () => {
    const { keyId } = await issued();
    const answered = await product.call(`/v1/api-keys/${keyId}/relabel`, {
      as: sam,
      body: '{"label":"a\\ud800b"}',
    });
    expect(answered.status).toBe(400);
  });

  it('takes honest text of every script, in one normal form', async () => {
    const { keyId } = await issued();
    const { body } = await product.call(`/v1/api-keys/${keyId}/relabel`, {
      as: sam,
      body: { label: 'Cafe\u0301 تقرير 報告 👩‍💻' },
    });
    expect(body['label']).toBe('Café تقرير 報告 👩‍💻');
  });

  it.each([
    ['no JSON', '{"portal":', 'application/json', 400],
    ['an array', '[]', 'application/json', 400],
    ['a number', '7', 'application/json', 400],
    ['nothing', '', 'application/json', 400],
    ['another prototype', '{"__proto__":{"superUser":true}}', 'application/json', 400],
    ['a constructor', '{"constructor":{"prototype":{"x":1}}}', 'application/json', 400],
    ['nesting without end', '['.repeat(100_000), 'application/json', 400],
    ['a form', 'portal=affiliate', 'application/x-www-form-urlencoded', 415],
    ['plain text', 'portal', 'text/plain', 415],
    ['another media type', '<portal/>', 'application/xml', 415],
    [
      'an integer beyond 2^53',
      JSON.stringify(body(0)).replace(':0', ':9007199254740993'),
      'application/json',
      400,
    ],
  ])('refuses %s as body, as a problem', async (_, sent, type, status) => {
    const answered = await product.call('/v1/api-keys', {
      as: sam,
      body: sent,
      headers: { 'content-type': type },
    });
    expect(answered.status).toBe(status);
    expect(String(answered.headers['content-type'])).toContain('application/problem+json');
  });

  it.each([
    '/v1/partners/0',
    '/v1/partners/-1',
    '/v1/partners/1.5',
    '/v1/partners/9007199254740993',
    '/v1/partners/%00',
    `/v1/partners/${'9'.repeat(200)}`,
    '/v1/partners?first=201',
    '/v1/partners?first=1&first=2',
    '/v1/partners?after=%F0%9F%92%A3',
    '/v1/partners?status[]=active',
    '/v1/api-keys?asOf=yesterday',
    '/v1/api-keys?unknown=1',
    '/v1/audit?type=Key%27--',
  ])('refuses %s with 400 and says where', async (url) => {
    const answered = await product.call<{ errors?: unknown[] }>(url, { as: sam });
    expect([answered.status, answered.body.errors === undefined]).toEqual(
      url.includes('after') ? [400, true] : [400, false],
    );
  });

  it.each([KEY, PASSPHRASE, LINK])(
    'echoes no secret that is sent as the name of a field or a parameter: %s',
    async (secret) => {
      for (const ask of [
        { url: '/v1/api-keys', body: { ...body(1), [secret]: 1 } },
        { url: '/v1/api-keys', body: { ...body(1), holder: { type: 'partner', [secret]: 1 } } },
        { url: `/v1/api-keys?${encodeURIComponent(secret)}=1` },
        { url: `/v1/partners?${'x'.repeat(60)}${encodeURIComponent(`/${secret}`)}=1` },
      ]) {
        const answered = await product.call(ask.url, { as: sam, ...ask });
        expect(codeOf(answered)).toEqual([400, 'request/invalid']);
        expect(answered.text).toContain('[redacted]');
        expect(answered.text).not.toMatch(SECRETS);
      }
    },
  );

  it.each([
    ['a field', `{ ledger { head ${KEY} } }`, {}],
    ['an argument', `{ ledger(${KEY}: 1) { head } }`, {}],
    ['a variable', `query($${KEY}: Int) { ledger { head } }`, {}],
    ['a value', `{ partners(first: "${PASSPHRASE}") { edges { cursor } } }`, {}],
    ['what does not parse', `{ ledger { head } } ${KEY}`, {}],
    [
      'the field of a variable',
      'mutation($i: IssueApiKeyInput!) { issueApiKey(input: $i) { keyId } }',
      { i: { ...body(1), [KEY]: 1 } },
    ],
    [
      'the value of a variable',
      'query($n: Int) { partners(first: $n) { edges { cursor } } }',
      { n: LINK },
    ],
    ['a name that the caller gave', `{ ${KEY}: partners(first: -1) { edges { cursor } } }`, {}],
    [
      'an operation',
      `query a { ledger { head } } query ${KEY} { ledger { head } } query ${KEY} { ledger { head } }`,
      {},
    ],
  ])('echoes no secret that is sent through GraphQL as %s', async (_, query, variables) => {
    const answered = await product.call<{ errors: unknown[] }>('/graphql', {
      as: sam,
      body: { query, variables },
    });
    expect(answered.body.errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(answered.body.errors)).toContain('[redacted]');
    expect(JSON.stringify(answered.body.errors)).not.toMatch(SECRETS);
  });

  it.each([
    ['depth', `{ ${'partners { edges { node { '.repeat(8)} name ${'} } }'.repeat(8)} }`],
    [
      'aliases',
      `{ ${Array.from({ length: 300 }, (_, n) => `a${String(n)}: ledger { head }`).join(' ')} }`,
    ],
    [
      'breadth',
      '{ partners(first: 200) { edges { node { partnerId apiKeys(first: 200) { edges { node { keyId } } } } } } }',
    ],
    [
      'fragments',
      `{ ...f0 } ${Array.from({ length: 20 }, (_, n) => `fragment f${String(n)} on Query { ...f${String(n + 1)} ...f${String(n + 1)} }`).join(' ')} fragment f20 on Query { ledger { head } }`,
    ],
    ['length', `{ ledger { head } } #${'x'.repeat(50_000)}`],
  ])('stops a GraphQL bomb of %s before it runs', async (_, query) => {
    const began = process.cpuUsage();
    const answered = await product.call<{ data: unknown; errors: unknown[] }>('/graphql', {
      as: sam,
      body: { query },
    });
    expect(answered.status).toBe(400);
    expect(answered.body.data).toBeNull();
    expect(process.cpuUsage(began).user).toBeLessThan(5_000_000);
  });
});
