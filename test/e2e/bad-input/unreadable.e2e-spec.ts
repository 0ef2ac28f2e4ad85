import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import type { TestApplication } from '#test/application';
import { testApplication } from '#test/application';
import { exchange } from '#test/raw-http';

describe('what the HTTP parser refuses', () => {
  let product: TestApplication;
  let port: number;

  beforeAll(async () => {
    product = await testApplication();
    await product.app.listen(0, '127.0.0.1');
    port = (product.app.getHttpServer().address() as AddressInfo).port;
  });
  afterAll(() => product.close());

  it.each([
    {
      what: '40 kB of headers',
      bytes: `GET /v1/api-keys HTTP/1.1\r\nhost: k\r\nx-planted: ${'planted'.repeat(5_800)}\r\n\r\n`,
      status: '431 Request Header Fields Too Large',
      code: 'request/headers-too-large',
    },
    {
      what: 'an unknown method',
      bytes: 'PLANTED /v1/planted HTTP/1.1\r\nhost: k\r\n\r\n',
      status: '400 Bad Request',
      code: 'request/malformed',
    },
    {
      what: 'a doubled Content-Length',
      bytes:
        'POST /v1/planted HTTP/1.1\r\nhost: k\r\ncontent-length: 2\r\ncontent-length: 7\r\n\r\nplanted',
      status: '400 Bad Request',
      code: 'request/malformed',
    },
    {
      what: 'a malformed request line',
      bytes: 'GET planted planted planted\r\n\r\n',
      status: '400 Bad Request',
      code: 'request/malformed',
    },
  ])('$what: a problem, nothing of the request, and the server goes on', async (refused) => {
    const text = await exchange(port, refused.bytes);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual(
      expect.arrayContaining([
        `HTTP/1.1 ${refused.status}`,
        'content-type: application/problem+json',
        `content-length: ${String(Buffer.byteLength(body))}`,
        'connection: close',
      ]),
    );
    const problem = JSON.parse(body) as Record<string, unknown>;
    expect(problem).toEqual({
      type: `https://keyledger.dev/errors/${refused.code.replace('/', '-')}`,
      title: expect.any(String) as unknown,
      status: Number(refused.status.slice(0, 3)),
      detail: expect.any(String) as unknown,
      code: refused.code,
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
    });
    const correlationId = String(problem['correlationId']);
    expect(head).toContain(`x-correlation-id: ${correlationId}`);
    expect(product.logged.some((line) => line.includes(correlationId))).toBe(true);
    expect(text + product.logged.join('')).not.toMatch(/planted/i);
    const next = await exchange(
      port,
      'GET /health/live HTTP/1.1\r\nhost: k\r\nconnection: close\r\n\r\n',
    );
    expect(next).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
