import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeysServer, Reply } from '../api-keys/keys-server.js';
import { comparable, startKeysServer } from '../api-keys/keys-server.js';

let server: KeysServer;
let network: Awaited<ReturnType<KeysServer['network']>>;
beforeAll(async () => {
  server = await startKeysServer();
  network = await server.network(1);
});
afterAll(async () => {
  await server.close();
});

const open = (body: object, more: { token?: string; accept?: string } = {}) =>
  server.call('/v1/shares/open', {
    body,
    ...(more.token === undefined ? {} : { token: more.token }),
    ...(more.accept === undefined ? {} : { headers: { accept: more.accept } }),
  });
const submit = (form: Readonly<Record<string, string>>): Promise<Reply> =>
  server.call('/v1/shares/open', {
    form,
    headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
  });

const ENDED_WITHIN_MS_MAX = 60_000;

/** Once its recipient was removed. */
async function ended(shareId: string): Promise<void> {
  const until = Date.now() + ENDED_WITHIN_MS_MAX;
  for (;;) {
    const { body } = await server.call(`/v1/shares/${shareId}`, { token: network.admin });
    if (body['status'] === 'ended') {
      expect(body['ended']).toMatchObject({ reason: 'recipientRemoved' });
      return;
    }
    if (Date.now() > until) throw new Error(`still ${String(body['status'])}`);
  }
}

describe('GET /v1/share', () => {
  it('200: a page that needs no token, loads nothing, sends no referrer, and opens nothing', async () => {
    await network.partner(10);
    const { keyId } = await network.issue(10);
    const { token, link, position } = await network.share(keyId, 'passphrase');
    expect(new URL(link).hash).toBe(`#${token}`);
    const page = await server.call(new URL(link).pathname);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-store');
    const shares = await server.call(`/v1/shares?keyId=${keyId}&atLeast=${position}`, {
      token: network.admin,
    });
    expect(shares.body['items']).toMatchObject([{ status: 'open' }]);
    expect(shares.text).not.toContain(token);
  });
});

describe('POST /v1/shares/open', () => {
  it('200: answers the key and how to use it, once', async () => {
    await network.partner(11);
    const { keyId, key } = await network.issue(11);
    const { token, passphrase, shareId } = await network.share(keyId, 'passphrase');
    const first = await open({ token, passphrase });
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.body).toMatchObject({
      shareId,
      keyId,
      key,
      access: { baseUrl: 'https://api.eflow.team/v1', headerName: 'X-Eflow-API-Key' },
    });
    const again = await open({ token, passphrase });
    expect([again.status, again.body['code']]).toEqual([410, 'keys/share-already-opened']);
    const position = first.headers.get('x-ledger-position') ?? '';
    const share = await server.call(`/v1/shares/${shareId}?atLeast=${position}`, {
      token: network.admin,
    });
    expect(share.body).toMatchObject({ status: 'opened', opened: { by: { type: 'passphrase' } } });
  });

  it('200: answers a person who pressed the button with a page', async () => {
    await network.partner(12);
    const { keyId, key } = await network.issue(12, '<b>Label</b>');
    const { token, passphrase } = await network.share(keyId, 'passphrase');
    const wrong = await submit({ token, passphrase: 'wrong' });
    expect(wrong.status).toBe(403);
    expect(wrong.headers.get('content-type')).toContain('text/html');
    expect(wrong.text).toContain(`value="${token}"`);
    const long = await submit({ token, passphrase: 'x'.repeat(1_000) });
    expect([long.status, long.text]).toEqual([400, expect.stringContaining('Copy both again')]);
    expect(long.text).not.toContain('`errors`');
    const page = await submit({ token, passphrase: passphrase ?? '' });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).toContain(key);
    expect(page.text).toContain('X-Eflow-API-Key');
    expect(page.text).toContain('&lt;b&gt;Label&lt;/b&gt;');
    const over = await submit({ token, passphrase: passphrase ?? '' });
    expect(over.status).toBe(410);
    expect(over.text).toContain('already opened');
  });

  it('200: opens for the partner’s user what is bound to users; 401 without a token; 403 for another', async () => {
    const user = await network.partner(13);
    const stranger = await network.partner(14);
    const { keyId, key } = await network.issue(13);
    const { token, passphrase } = await network.share(keyId, 'users');
    expect(passphrase).toBeNull();
    expect((await open({ token })).status).toBe(401);
    const page = await submit({ token, passphrase: '' });
    expect([page.status, page.text.includes('Authorization: Bearer')]).toEqual([401, true]);
    expect((await open({ token }, { token: stranger })).body['code']).toBe('keys/share-other-user');
    expect((await open({ token }, { token: user })).body['key']).toBe(key);
  });

  it('403: an operator, whatever the link, who leaves it open for its recipient', async () => {
    await network.partner(26);
    const { keyId, key } = await network.issue(26);
    const { token, passphrase } = await network.share(keyId, 'passphrase');
    const { operator } = network;
    const refused = await open({ token, passphrase }, { token: operator });
    expect([refused.status, refused.body['code']]).toEqual([403, 'access/forbidden']);
    const guess = { token: 'A'.repeat(43), passphrase };
    expect(comparable(await open(guess, { token: operator }))).toEqual(comparable(refused));
    const { body } = await server.call('/graphql', {
      token: operator,
      body: {
        query: 'mutation ($input: OpenShareInput!) { openShare(input: $input) { key } }',
        variables: { input: { token, passphrase } },
      },
    });
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'access/forbidden' } }] });
    expect((await open({ token, passphrase })).body['key']).toBe(key);
  });

  it('404: a guessed link, one that is none, and one of another network’s users read the same', async () => {
    const other = await server.network(2);
    const foreigner = await other.partner(13);
    await network.partner(15);
    const { keyId } = await network.issue(15);
    const { token } = await network.share(keyId, 'users');
    const guessed = await open({ token: 'A'.repeat(43), passphrase: 'x' });
    expect(guessed.status).toBe(404);
    expect(comparable(await open({ token: 'none', passphrase: 'x' }))).toEqual(comparable(guessed));
    expect(comparable(await open({ token }, { token: foreigner }))).toEqual(comparable(guessed));
  });

  it('410: after a fifth wrong passphrase, a revocation, a re-share or a withdrawal', async () => {
    await network.partner(16);
    const { keyId } = await network.issue(16);
    const tried = await network.share(keyId, 'passphrase');
    for (let n = 0; n < 5; n += 1)
      expect((await open({ token: tried.token, passphrase: 'wrong' })).status).toBe(403);
    const { token, passphrase } = tried;
    expect((await open({ token, passphrase })).body['code']).toBe('keys/share-ended');

    const before = await network.share(keyId, 'passphrase');
    const withdrawn = await network.share(keyId, 'passphrase');
    expect((await open({ token: before.token, passphrase: before.passphrase })).status).toBe(410);
    const end = await server.call(`/v1/shares/${withdrawn.shareId}/end`, {
      token: network.admin,
      method: 'POST',
    });
    expect(end.body).toMatchObject({ status: 'ended' });
    expect((await open({ token: withdrawn.token, passphrase: withdrawn.passphrase })).status).toBe(
      410,
    );

    const last = await network.share(keyId, 'passphrase');
    await server.call(`/v1/api-keys/${keyId}/revoke`, {
      token: network.admin,
      body: { reason: 'leaked' },
    });
    expect((await open({ token: last.token, passphrase: last.passphrase })).status).toBe(410);
  });

  it('410: once the last user of the partner is unlinked, bound to users or to a passphrase', async () => {
    await network.partner(17);
    const keys = [await network.issue(17, 'one'), await network.issue(17, 'two')];
    const shares = await Promise.all([
      network.share(keys[0]?.keyId ?? '', 'users'),
      network.share(keys[1]?.keyId ?? '', 'passphrase'),
    ]);
    const unlinked = await server.call('/v1/partners/17/users/unlink', {
      token: network.admin,
      body: { issuer: server.issuer.issuer, subject: 'user-1-17' },
    });
    expect(unlinked.status).toBe(200);
    for (const { shareId, token, passphrase } of shares) {
      await ended(shareId);
      const refused = await open({ token, ...(passphrase === null ? {} : { passphrase }) });
      expect([refused.status, refused.body['code']]).toEqual([410, 'keys/share-ended']);
    }
  });

  it('400: wrong types and unknown fields', async () => {
    const reply = await open({ token: 7, pass: 'x' });
    expect(reply.status).toBe(400);
    const pointers = (reply.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual(['/pass', '/token']);
  });
});
