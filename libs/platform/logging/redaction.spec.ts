import { describe, expect, it } from '@jest/globals';
import { composeKey } from '#kernel';
import { createLogger, redacting, redactSecrets } from './index.js';

const key = composeKey('kl', 'aff', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8');
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJl';

const logged = (write: (logger: ReturnType<typeof createLogger>) => void): string => {
  const lines: string[] = [];
  write(createLogger('trace', redacting({ write: (line) => void lines.push(line) })));
  return lines.join('');
};

describe('logs', () => {
  const places: readonly [string, (secret: string) => object | string][] = [
    ['the message', (s) => `got ${s} today`],
    ['a field', (s) => ({ note: s })],
    ['a nested field', (s) => ({ a: { b: [{ c: s }] } })],
    ['an error', (s) => ({ err: new Error(`refused ${s}`) })],
    ['a URL', (s) => ({ url: `https://x.example/?k=${s}` })],
  ];
  for (const [place, at] of places) {
    it(`never hold an API key, a token or a webhook credential in ${place}`, () => {
      for (const secret of [key, jwt, 'klwh_1_0123456789_AbCdEfGhIjKlMnOp']) {
        const text = logged((logger) => {
          const value = at(secret);
          if (typeof value === 'string') logger.info(value);
          else logger.info(value);
        });
        expect(text).toContain('[redacted]');
        expect(text).not.toContain(secret);
      }
    });
  }

  it('never hold the password of a connection string, a share token, or a field that is named as a secret', () => {
    const text = logged((logger) => {
      logger.error({
        db: 'postgres://me:hunter2secret@127.0.0.1:5432/x',
        es: 'esdb://admin:changeit99@localhost:2113?tls=true',
        link: 'https://k.example/v1/share#abcDEF123_-xyz',
        passphrase: 'correct "horse" battery',
        headers: { authorization: 'Bearer opaque-token-1', 'X-Eflow-API-Key': 'whatever1' },
      });
    });
    for (const secret of [
      'hunter2secret',
      'changeit99',
      'abcDEF123_-xyz',
      'horse',
      'opaque-token-1',
      'whatever1',
    ])
      expect(text).not.toContain(secret);
    expect(text).toContain('127.0.0.1:5432');
  });

  it('never hold a password with an @ in it, a secret parameter, or JSON with a secret inside a text', () => {
    const text = logged((logger) => {
      logger.error({
        db: 'postgres://me:hunt@er2@127.0.0.1:5432/x',
        parameter: 'postgres://127.0.0.1/x?user=me&password=changeit99&sslmode=require',
        url: 'https://k.example/cb?state=1&access_token=opaque-token-1',
        body: JSON.stringify({ passphrase: 'correct "horse" \\ battery', note: 'kept' }),
        err: new Error(JSON.stringify({ client_secret: 'whatever1' })),
        glued: `first.second-part.${jwt}`,
      });
    });
    for (const secret of [
      'er2@',
      'changeit99',
      'opaque-token-1',
      'horse',
      'battery',
      'whatever1',
      'eyJ',
    ])
      expect(text).not.toContain(secret);
    for (const harmless of ['127.0.0.1:5432', 'sslmode=require', 'kept', 'first.second-part.'])
      expect(text).toContain(harmless);
    expect(JSON.parse(text)).toMatchObject({ body: expect.stringContaining('kept') as unknown });
  });

  it.each([
    'a',
    'a.',
    'eyJ',
    'eyJ.',
    'a://',
    'a://b:c',
    'kl_aff_a1',
    'Basic ',
    'token=',
    '"token":"',
  ])('cost time in proportion to the line, whatever a stranger fills it with: %j', (part) => {
    // Processor time: others on the machine take none of it.
    const began = process.cpuUsage();
    redactSecrets(`{"path":"/${part.repeat(200_000 / part.length)}eyJ"}`);
    expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
  });
});
