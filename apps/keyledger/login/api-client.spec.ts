import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiClient, ApiError, ATTEMPTS_MAX } from './api-client.js';

type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void;

describe('the client of the API', () => {
  let answering: Answering = () => undefined;
  let baseUrl = '';
  let tokens: (string | undefined)[] = [];
  const requests: {
    method: string | undefined;
    url: string | undefined;
    headers: IncomingMessage['headers'];
    body: string;
  }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      answering(request, response, body);
    });
  });
  const client = () =>
    new ApiClient({
      baseUrl,
      token: (rejected) => {
        tokens.push(rejected);
        return Promise.resolve(rejected === undefined ? 'token-1' : 'token-2');
      },
    });
  const json = (
    response: ServerResponse,
    status: number,
    body: object,
    headers: Record<string, string> = {},
  ) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));

  beforeEach(async () => {
    requests.length = 0;
    tokens = [];
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterEach(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  );

  it('sends the token, the query and the body, and gives back the position', async () => {
    answering = (_, response) => json(response, 201, { ok: true }, { 'x-ledger-position': '42' });
    await expect(
      client().post('/v1/things', { a: 1 }, { query: { atLeast: '7', none: undefined } }),
    ).resolves.toMatchObject({
      status: 201,
      body: { ok: true },
      position: '42',
    });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: '/v1/things?atLeast=7',
      body: '{"a":1}',
    });
    expect(requests[0]?.headers).toMatchObject({
      authorization: 'Bearer token-1',
      'content-type': 'application/json',
    });
    expect(requests[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('tries a mutation again under the same key after 503 and 429, as long as Retry-After says', async () => {
    answering = (_, response) => {
      if (requests.length === 1) json(response, 503, {}, { 'retry-after': '0' });
      else if (requests.length === 2) json(response, 429, {}, { 'retry-after': '0' });
      else json(response, 200, { done: true });
    };
    await expect(client().post('/v1/things', {})).resolves.toMatchObject({ body: { done: true } });
    expect(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(requests).toHaveLength(3);
  });

  it('tries again after a connection that broke, under the same key', async () => {
    answering = (request, response) => {
      if (requests.length === 1) request.socket.destroy();
      else json(response, 200, { done: true });
    };
    await expect(
      client().patch('/v1/things', {}, { idempotencyKey: 'mine' }),
    ).resolves.toMatchObject({ status: 200 });
    expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine']);
  });

  it('stops trying after a bounded number of attempts, and at a Retry-After that is too long', async () => {
    answering = (_, response) =>
      json(
        response,
        503,
        { code: 'event-store/unavailable', title: 'Away' },
        { 'retry-after': '0' },
      );
    await expect(client().get('/v1/things')).rejects.toThrow('Away (event-store/unavailable)');
    expect(requests).toHaveLength(ATTEMPTS_MAX);
    requests.length = 0;
    answering = (_, response) =>
      json(
        response,
        429,
        { code: 'access/too-many-requests', title: 'Slow' },
        { 'retry-after': '3600' },
      );
    await expect(client().get('/v1/things')).rejects.toBeInstanceOf(ApiError);
    expect(requests).toHaveLength(1);
  });

  it('never repeats what was refused', async () => {
    for (const status of [400, 403, 404, 409, 412, 422, 500]) {
      requests.length = 0;
      answering = (_, response) => json(response, status, { code: 'keys/x', title: 'No' });
      await expect(client().post('/v1/things', {})).rejects.toMatchObject({
        status,
        code: 'keys/x',
      });
      expect(requests).toHaveLength(1);
    }
  });

  it('renews a token that was refused, once', async () => {
    answering = (request, response) => {
      if (request.headers.authorization === 'Bearer token-1')
        json(response, 401, { code: 'access/unauthenticated', title: 'No token' });
      else json(response, 200, {});
    };
    await expect(client().get('/v1/me')).resolves.toMatchObject({ status: 200 });
    expect(tokens).toEqual([undefined, 'token-1']);
    answering = (_, response) =>
      json(response, 401, { code: 'access/unauthenticated', title: 'No token' });
    await expect(client().get('/v1/me')).rejects.toThrow('No token (access/unauthenticated)');
  });

  it('says what was refused in one line, whatever the server sends', async () => {
    answering = (_, response) =>
      json(response, 400, {
        code: 'request/invalid',
        title: 'Request not valid',
        detail: 'Mend it.',
        errors: [
          { pointer: '/label', problem: 'is too\nlong' },
          { pointer: '/x', problem: '\u001b[2Jclears the screen \u202e' },
        ],
      });
    const error = await client()
      .get('/v1/things')
      .catch((caught: unknown) => caught);
    expect((error as ApiError).message).toBe(
      'Request not valid (request/invalid): /label is too long; /x [2Jclears the screen',
    );
    answering = (_, response) => response.writeHead(502).end(`<html>${'x'.repeat(1_000)}\n</html>`);
    const page = await client()
      .get('/v1/things')
      .catch((caught: unknown) => caught);
    expect((page as ApiError).message.length).toBeLessThan(300);
    answering = (_, response) => response.writeHead(200).end('<html>');
    await expect(client().get('/v1/things')).rejects.toThrow('something else than JSON');
  });

  it('asks again when the connection is lost in the middle of an answer', async () => {
    answering = (_, response) => {
      if (requests.length > 1) return json(response, 200, { ok: true });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      return response.write('{"ok":', () => response.destroy());
    };
    await expect(client().post('/v1/things', {})).resolves.toMatchObject({ body: { ok: true } });
    const [first, second] = requests;
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
  });

  it.each(['nowhere', 'localhost:7300'])('says that %s is no address', async (address) => {
    const lost = new ApiClient({ baseUrl: address, token: () => Promise.resolve('t') });
    const error = await lost.get('/v1/me').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message).toBe(
      `${address} is no address of an API: give one such as http://127.0.0.1:7300 (--api, KEYLEDGER_API)`,
    );
  });

  it('says that nobody answers', async () => {
    const nobody = new ApiClient({
      baseUrl: 'http://127.0.0.1:1',
      token: () => Promise.resolve('t'),
    });
    await expect(nobody.get('/v1/me')).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:1 can't be reached: /,
    );
  });
});
