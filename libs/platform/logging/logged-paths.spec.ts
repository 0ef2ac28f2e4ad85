import { describe, expect, it } from '@jest/globals';
import { LOGGED_PATH_SEGMENTS_MAX, LoggedPaths } from './index.js';

const paths = new LoggedPaths();
for (const template of ['/v1/api-keys/:keyId/history', '/v1/shares/open', '/docs/*'])
  paths.learn(template);

const KEY = `kl_aff_${'a'.repeat(32)}_000000`;
const encoded = encodeURIComponent(KEY).replaceAll('_', '%5F');

describe('a path in the log', () => {
  it.each([
    '/v1/api-keys',
    '/v1/api-keys/01890a5d-ac96-774b-bcce-b302099a8057/history',
    '/v1/shares/42',
    '/v1/shares/open',
    '/',
  ])('keeps the words of routes and ids: %s', (path) => {
    expect(paths.of(`${path}?secret=1`)).toBe(path);
  });

  it.each([
    ['a key', KEY],
    ['an encoded key', encoded],
    ['a twice encoded key', encodeURIComponent(encoded)],
    ['a passphrase', 'correct-horse-battery-staple'],
    ['a token', 'q83vEjRWeJASNFZ4kBI0VniQ'],
    ['a webhook credential', 'klwh%5F101%5Fabcdefgh'],
    ['an encoding that is none', '%zz'],
    ['the name of a parameter', ':keyId'],
    ['digits beyond every id', '1'.repeat(20)],
  ])('has nothing of %s', (_, secret) => {
    expect(paths.of(`/v1/api-keys/${secret}`)).toBe('/v1/api-keys/[redacted]');
    expect(paths.of(secret)).toBe('[redacted]');
  });

  it('is bounded', () => {
    const logged = paths.of('/v1'.repeat(1_000));
    expect(logged.split('/')).toHaveLength(LOGGED_PATH_SEGMENTS_MAX + 1);
    expect(logged.endsWith('/…')).toBe(true);
  });
});
