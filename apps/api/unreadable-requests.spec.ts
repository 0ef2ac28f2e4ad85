import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { ProblemFilter } from '#problems';
import { exchange } from '#test/raw-http';
import { problemCatalogue } from '../composition/catalogue.js';
import { REQUEST_TIMEOUT_MS } from './front-door.js';
import { httpAdapter } from './http.js';

const IMPATIENT_MS = 250;
const CHECK_INTERVAL_MS = 10;

/** A server as the API's, but for its patience. */
let fastify: FastifyInstance;
let port: number;
let carriedOut: string[];
beforeAll(() => {
  Logger.overrideLogger(false);
});
beforeEach(async () => {
  carriedOut = [];
  const adapter = httpAdapter(new ProblemFilter(problemCatalogue), problemCatalogue, (handler) =>
    createServer(
      { requestTimeout: IMPATIENT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS },
      handler,
    ),
  );
  fastify = adapter.getInstance();
  fastify.post('/at-once', ({ url }) => {
    carriedOut.push(url);
    return {};
  });
  fastify.post('/never-answered', ({ url }) => {
    carriedOut.push(url);
    return new Promise(() => undefined);
  });
  await fastify.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = fastify.server.address() as AddressInfo);
});
afterEach(() => fastify.close());

const post = (path: string, body: string, bytes = body.length): string =>
  `POST ${path} HTTP/1.1\r\nhost: k\r\ncontent-type: application/json\r\ncontent-length: ${String(bytes)}\r\n\r\n${body}`;

describe('a request that does not arrive whole in time', () => {
  it.each([
    { half: 'of its head', bytes: 'POST /at-once HTTP/1.1\r\nhost: k\r\nconte' },
    { half: 'of its body', bytes: post('/at-once', '{"a', 40) },
    {
      half: 'of its body, behind one that was answered',
      bytes: post('/at-once', '{}') + post('/at-once', '{"a', 40),
      answered: 1,
    },
  ])('with half $half: is a problem of its own, and not carried out', async (asked) => {
    const { bytes, answered = 0 } = asked;
    const answers = (await exchange(port, bytes)).split(/(?=HTTP\/1\.1 )/);
    expect(answers.map((answer) => answer.split('\r\n', 1)[0])).toEqual([
      ...Array.from({ length: answered }, () => 'HTTP/1.1 200 OK'),
      'HTTP/1.1 408 Request Timeout',
    ]);
    const [head = '', body = ''] = (answers.at(-1) ?? '').split('\r\n\r\n');
    expect(head).toMatch(/^connection: close$/m);
    expect(JSON.parse(body)).toMatchObject({
      type: 'https://keyledger.dev/errors/request-timed-out',
      status: 408,
      code: 'request/timed-out',
      detail: expect.stringContaining(`within ${String(REQUEST_TIMEOUT_MS / 1_000)} seconds`),
    });
    expect(carriedOut).toHaveLength(answered);
  });
});

describe('behind a whole request that waits for its answer', () => {
  it.each([
    { what: 'half a request', bytes: post('/at-once', '{"a', 40) },
    { what: 'no request at all', bytes: 'planted\r\n\r\n' },
  ])('$what: ends the connection, and is not taken for that answer', async ({ bytes }) => {
    expect(await exchange(port, post('/never-answered', '{}') + bytes)).toBe('');
    expect(carriedOut).toEqual(['/never-answered']);
  });
});
