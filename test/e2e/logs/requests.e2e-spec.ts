import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';

const LINE_TIMEOUT_MS = 30_000;

describe('the log of requests', () => {
  let product: TestApplication;
  let as: string;
  beforeAll(async () => {
    product = await testApplication();
    as = await product.network(7);
  });
  afterAll(() => product.close());

  it.each([
    ['/v1/networks', 1],
    ['/v1/partners/42/connections', 1],
    ['/v1/api-keys/01890a5d-ac96-774b-bcce-b302099a8057', 1],
    ['/metrics', 1],
    ['/graphql', 1],
    ['/.well-known/oauth-protected-resource', 1],
    ['/docs', 1],
    ['/openapi.json', 1],
    ['/graphiql', 1],
    ['/health/ready', 0],
    ['/health/live', 0],
  ])('has of %s as many lines as it should: %i', async (path, lines) => {
    product.logged.length = 0;
    await product.app.inject({ method: 'GET', url: `${path}?secret=1` });
    const told = product.logged.filter((line) => line.includes('request completed'));
    expect(told.map((line) => (JSON.parse(line) as { req: { path: string } }).req.path)).toEqual(
      Array.from({ length: lines }, () => path),
    );
  });

  it('has of a path that there is none for its status, and what may be told of it', async () => {
    product.logged.length = 0;
    const { headers } = await product.app.inject({
      method: 'GET',
      url: '/wp-admin/setup?secret=1',
    });
    const [line] = product.logged.filter((one) => one.includes('request completed'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 'warn',
      req: { id: headers['x-correlation-id'], method: 'GET', path: '/[redacted]/[redacted]' },
      res: { statusCode: 401 },
    });
  });

  const lines = (path: string) =>
    product.logged
      .map((line) => JSON.parse(line) as { readonly msg: string; readonly req?: { path: string } })
      .filter(({ req }) => req?.path === path);

  /** Sends a part of a request, and leaves: at once, or when the answer begins. */
  async function leaveMidway(head: string, body: string): Promise<void> {
    const server = product.app.getHttpServer();
    if (!server.listening) await product.app.listen(0, '127.0.0.1');
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const sent = new Promise((resolve) => {
      socket.write(
        `${head} HTTP/1.1\r\nhost: k\r\nauthorization: Bearer ${as}\r\n${body}`,
        resolve,
      );
    });
    const answered = new Promise((resolve) => socket.once('data', resolve));
    await (head.startsWith('GET') ? answered : sent);
    await new Promise((resolve) => socket.destroy().once('close', resolve));
  }

  it.each([
    ['POST', '/v1/partners', '/v1/partners'],
    ['POST', '/wp-admin', '/[redacted]'],
    // More than a connection holds that nobody reads from.
    ['GET', '/graphiql/app.js', '/graphiql/app.js'],
  ])('has one of %s %s, too, whose caller leaves midway', async (method, url, path) => {
    product.logged.length = 0;
    await leaveMidway(
      `${method} ${url}`,
      method === 'GET' ? '\r\n' : 'content-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    const deadline = Date.now() + LINE_TIMEOUT_MS;
    while (lines(path).length === 0 && Date.now() < deadline) await delay(10);
    // What else there is to tell of the request is told by now.
    await product.app.inject({ method: 'GET', url: '/health/live' });
    expect(lines(path)).toMatchObject([{ msg: 'request aborted', req: { method } }]);
  });

  it('has of a failure the correlation id that the answer names, through GraphQL too', async () => {
    const query = '{ partners(atLeast: "9000000") { edges { cursor } } }';
    for (const call of [
      () => product.call('/graphql', { method: 'POST', as, body: { query } }),
      () => product.call('/v1/partners?atLeast=9000000', { as }),
    ]) {
      product.logged.length = 0;
      const { headers } = await product.patience.inVain(call);
      const [failed] = product.logged.filter((line) => line.includes('request failed'));
      expect(JSON.parse(failed ?? '{}')).toMatchObject({
        code: 'projections/stale-read',
        correlationId: headers['x-correlation-id'],
      });
    }
  });

  const token = 'q83vEjRWeJASNFZ4kBI0VniQq83vEjRWeJASNFZ4kBI';
  const key = `kl_aff_${'a1B2'.repeat(8)}_000000`;
  const encoded = key.replaceAll('_', '%5F');
  it.each([
    ['/v1/api-keys/', key],
    ['/v1/api-keys/', encoded],
    ['/v1/api-keys/', encodeURIComponent(encoded)],
    ['/v1/share/', token],
    ['/v1/shares/', 'correct-horse-battery-staple'],
    ['/v1/x/', `klwh%5F101%5F${token}`],
    ['/v1/api-keys/', `${token}%zz`],
    ['/', token],
    ['/graphql/', token],
    ['/docs/', token],
    ['/health/live/', token],
  ])('has nothing of what stands where no secret belongs: %s%s', async (path, secret) => {
    product.logged.length = 0;
    const reply = await product.app.inject({ method: 'GET', url: `${path}${secret}` });
    const core = /a1B2|correct|q83v/;
    expect(product.logged.join('')).not.toMatch(core);
    expect(reply.payload).not.toMatch(core);
    expect(JSON.stringify(reply.headers)).not.toMatch(core);
    const metrics = await product.app.inject({ method: 'GET', url: '/metrics' });
    expect(metrics.payload).not.toMatch(core);
  });
});
